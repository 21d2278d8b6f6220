"""Invoices from draft to paid or void (R78, R79, E24): regenerate and delete a draft, void and
reissue what was issued. Lock order: repair order, invoice, number series, container."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from billing.models import Basis, Invoice, InvoiceLine, LineKind, PaymentAccount
from billing.services import charges, prices
from billing.services.charges import Charge
from billing.services.numbers import take_number
from billing.services.sums import MOST, ZERO, billing_day, line_amount, totals
from core.workflow import Refused, Stale, Step, not_from
from history.services import Outcome, advance, record
from logistics.models import Container, Direction
from workorders.models import RepairOrder
from workorders.services.drafts import lock

DRAFTERS = frozenset({Role.FINANCE, Role.SHOP_MANAGER})
MOST_LINES = 100  # custom lines of one invoice
DAYS_TO_PAY = 14
NO_LIST = _("No price list serves this customer. An administrator can add one.")


def require(actor: Any, roles: Iterable[str] = DRAFTERS) -> None:
    if getattr(actor, "role", "") not in frozenset(roles):
        raise PermissionDenied("billing")


def locked(invoice: Invoice) -> Invoice:
    """The fresh row, locked after its order."""
    lock(RepairOrder(pk=invoice.order_id))
    rows = Invoice.objects.select_for_update(of=("self",))
    fresh: Invoice = rows.select_related("container", "order", "customer").get(pk=invoice.pk)
    return fresh


def locked_draft(invoice: Invoice, *, version: int | None = None) -> Invoice:
    """Raises Refused when it is no draft any more, Stale when somebody changed it."""
    fresh = locked(invoice)
    if fresh.state != Invoice.State.DRAFT:
        raise Refused(not_from(fresh))
    if version is not None and fresh.version != version:
        raise Stale(fresh)
    return fresh


# ------------------------------------------------------------------ drafts
@transaction.atomic
def draft(container: Container, *, actor: Any, replaces: Invoice | None = None) -> Invoice:
    """A draft from the work done on the units of the container (R78).

    Raises PermissionDenied, Refused (not ready for billing, an invoice is there, no price list).
    """
    require(actor)
    order = charges.order_of(container)
    if order is None:
        raise Refused(_("This container belongs to no repair order."))
    lock(order)
    box = Container.objects.select_for_update(of=("self",)).get(pk=container.pk)
    if box.state != Container.State.READY_FOR_BILLING:
        raise Refused(_("The container is not ready for billing."))
    return write(order, box, charges.of_container(box), actor=actor, replaces=replaces)


def write(
    order: RepairOrder,
    box: Container,
    found: list[Charge],
    *,
    actor: Any,
    replaces: Invoice | None = None,
) -> Invoice:
    """The row and its lines. The order is locked by the caller. Raises Refused."""
    if Invoice.objects.filter(container=box).exclude(state=Invoice.State.VOID).exists():
        raise Refused(_("There is an invoice for this container already."))
    account = prices.account_of(order) if found else None
    if account is None and any(charge.amount or charge.price is None for charge in found):
        raise Refused(NO_LIST)
    invoice: Invoice = Invoice(
        container=box,
        order=order,
        customer=order.customer,
        language=order.customer.language,
        currency=account.currency if account else "",
        tax_percent=account.tax_percent if account else ZERO,
        tax_label=account.tax_label if account else "",
        created_by=actor,
        replaces=replaces,
    )
    invoice.save()
    _write_lines(invoice, found)
    _recount(invoice)
    record(invoice, "drafted", actor=actor, data={"box": invoice.box})
    return invoice


def _write_lines(invoice: Invoice, found: Iterable[Charge]) -> None:
    InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(
                invoice=invoice,
                kind=charge.kind,
                key=charge.key,
                unit_id=charge.unit,
                sn=charge.sn,
                text=charge.text[:200],
                quantity=charge.quantity,
                price=charge.price,
                amount=charge.amount,
                basis=charge.basis,
                note=charge.note,
            )
            for charge in found
        ),
        batch_size=1000,
    )


def _recount(invoice: Invoice) -> None:
    """Sums of a draft from its lines. Raises ValidationError when no column holds them."""
    amounts = InvoiceLine.objects.filter(invoice=invoice).values_list("amount", flat=True)
    sums = totals(amounts, invoice.tax_percent)
    if abs(sums.total) > MOST or abs(sums.net) > MOST:
        raise ValidationError(_("The total is too large."))
    invoice.net, invoice.tax, invoice.total = sums.net, sums.tax, sums.total
    invoice.save(update_fields=["net", "tax", "total"])


def _changed(invoice: Invoice, verb: str, *, actor: Any, note: str = "", **data: Any) -> Invoice:
    _recount(invoice)
    invoice.version += 1
    invoice.save(update_fields=["version"])
    record(invoice, verb, actor=actor, note=note, internal=True, data=data)
    return invoice


@transaction.atomic
def regenerate(invoice: Invoice, *, actor: Any, version: int | None = None) -> Invoice:
    """Write the lines anew from the work done; lines of one's own stay, and prices entered by
    hand where there still is no other (R79). Raises PermissionDenied, Refused, Stale."""
    require(actor)
    fresh = locked_draft(invoice, version=version)
    own = InvoiceLine.objects.filter(invoice=fresh)
    typed = {
        (line.unit_id, line.kind, line.key, line.text): line
        for line in own.filter(basis=Basis.TYPED).exclude(kind=LineKind.CUSTOM)
    }
    own.exclude(kind=LineKind.CUSTOM).delete()
    found = charges.of_container(fresh.container)
    if found and not fresh.currency:
        raise Refused(NO_LIST)
    _write_lines(fresh, found)
    for line in own.filter(price=None) if typed else ():
        before = typed.get((line.unit_id, line.kind, line.key, line.text))
        if before is not None and before.price is not None:
            _put_price([line], before.price, before.note)
    return _changed(fresh, "regenerated", actor=actor)


@transaction.atomic
def delete(invoice: Invoice, *, actor: Any, version: int | None = None) -> None:
    """Only a draft, which has no number (E24). Raises PermissionDenied, Refused, Stale."""
    require(actor)
    discard(locked_draft(invoice, version=version), actor=actor)


def discard(invoice: Invoice, *, actor: Any) -> None:
    """Delete a locked draft; the container remembers that there was one."""
    record(invoice.container, "draft_deleted", actor=actor, internal=True)
    InvoiceLine.objects.filter(invoice=invoice).delete()
    Invoice.objects.filter(pk=invoice.pk).delete()


@transaction.atomic
def add_line(
    invoice: Invoice,
    *,
    actor: Any,
    version: int,
    text: str,
    quantity: Decimal,
    price: Decimal,
    note: str = "",
) -> Invoice:
    """A line of one's own on a draft; a price below zero is a discount.

    Raises PermissionDenied, Refused, Stale, ValidationError.
    """
    require(actor)
    fresh = locked_draft(invoice, version=version)
    if not text.strip() or quantity <= 0:
        raise ValidationError(_("Enter a text and a quantity above zero."))
    if fresh.lines.filter(kind=LineKind.CUSTOM).count() >= MOST_LINES:
        raise Refused(_("An invoice holds at most 100 lines of your own."))
    if not fresh.currency:
        raise Refused(NO_LIST)
    amount = line_amount(quantity, price)
    if abs(amount) > MOST:
        raise ValidationError(_("The amount is too large."))
    fresh.lines.create(
        kind=LineKind.CUSTOM,
        text=text.strip(),
        quantity=quantity,
        price=price,
        amount=amount,
        basis=Basis.TYPED,
        note=note.strip(),
    )
    return _changed(fresh, "line_added", actor=actor, text=text.strip(), amount=str(amount))


@transaction.atomic
def remove_line(invoice: Invoice, line: InvoiceLine, *, actor: Any, version: int) -> Invoice:
    """Take a line of one's own off again; what was done stays on.

    Raises PermissionDenied, Refused, Stale.
    """
    require(actor)
    fresh = locked_draft(invoice, version=version)
    gone, _by_model = fresh.lines.filter(pk=line.pk, kind=LineKind.CUSTOM).delete()
    if not gone:
        raise Refused(_("Only lines that were added by hand can be removed."))
    return _changed(fresh, "line_removed", actor=actor, text=line.text)


@transaction.atomic
def set_price(
    invoice: Invoice,
    line: InvoiceLine,
    *,
    actor: Any,
    version: int,
    price: Decimal,
    reason: str,
) -> Invoice:
    """What a line without a price costs, decided by finance with a reason.

    It counts for every line of the invoice that charges the same and has no price. Raises
    PermissionDenied, Refused (it has a price), Stale, ValidationError without a reason.
    """
    require(actor, {Role.FINANCE})
    fresh = locked_draft(invoice, version=version)
    if price < 0 or not reason.strip():
        raise ValidationError(_("Enter a price and the reason for it."))
    same = fresh.lines.filter(price=None, kind=line.kind, key=line.key, text=line.text)
    alike = list(same.select_for_update(of=("self",)).order_by("pk"))
    if not alike:
        raise Refused(_("This line has a price already."))
    _put_price(alike, price, "")
    return _changed(
        fresh, "priced", actor=actor, note=reason.strip(), text=line.text, price=str(price)
    )


def _put_price(lines: list[InvoiceLine], price: Decimal, note: str) -> None:
    for line in lines:
        line.price, line.amount = price, line_amount(line.quantity, price)
        line.basis, line.note = Basis.TYPED, note
        if line.amount > MOST:
            raise ValidationError(_("The amount is too large."))
    InvoiceLine.objects.bulk_update(lines, ["price", "amount", "basis", "note"], batch_size=500)


# ------------------------------------------------------------------ issuing
@transaction.atomic
def issue(invoice: Invoice, *, actor: Any, version: int | None = None) -> Invoice:
    """Give the draft its number; the container is billed, or released when nothing is due.

    The number is the next of its year, without gaps: the row of the series is locked until this
    transaction ends, and taken back with it. Raises PermissionDenied, Refused, Stale.
    """
    Step(Invoice, "issue").require(actor)
    fresh = locked(invoice)
    if version is not None and fresh.version != version:
        raise Stale(fresh)
    if fresh.state == Invoice.State.DRAFT and fresh.total == 0:
        return waive(fresh, actor=actor)
    now = timezone.now()
    terms = prices.terms_of(fresh.order)
    days = terms.price_list.days_to_pay if terms else DAYS_TO_PAY
    issued = advance(
        fresh,
        "issue",
        actor=actor,
        at=now,
        number=take_number(now),
        account=PaymentAccount.objects.for_currency(fresh.currency),
        due_on=billing_day(now) + timedelta(days=days),
        bill_to=_bill_to(fresh.order),
    )
    advance(issued.container, "bill", actor=actor, at=now)
    return issued


def waive(invoice: Invoice, *, actor: Any) -> Invoice:
    """Issued and paid at once, and the container released: nothing is due (E20).

    A container in which nothing was charged at all leaves only the mark: no lines, no number.
    Called inside a transaction that holds the order's lock.
    """
    now = timezone.now()
    facts: dict[str, Any] = {"bill_to": _bill_to(invoice.order), "due_on": None}
    if invoice.lines.exists():
        facts |= {"number": take_number(now), "issued_at": now}
    paid = advance(invoice, "waive", actor=actor, at=now, **facts)
    box = Container.objects.get(pk=paid.container_id)
    if box.state == Container.State.READY_FOR_BILLING:
        box = advance(box, "bill", actor=actor, at=now)
    advance(box, "release", actor=actor, at=now)
    return paid


def _bill_to(order: RepairOrder) -> str:
    """Name and address as they were on the day."""
    address = order.consignment.return_address if order.consignment else ""
    return "\n".join(filter(None, (order.customer.name, address)))


@transaction.atomic
def void(invoice: Invoice, *, actor: Any, reason: str, redraft: bool = True) -> Invoice | None:
    """Make an issued invoice void; its number is never used again (E24).

    The container is ready for billing again; `redraft` writes the new draft, which names the void
    one, and returns it. Raises PermissionDenied, Refused, ValidationError without a reason.
    """
    Step(Invoice, "void").require(actor)
    fresh = locked(invoice)
    if not reason.strip():
        raise ValidationError(_("Enter the reason."))
    if fresh.payments.to_confirm().exists():
        raise Refused(_("A payment is announced. Confirm or reject it first."))
    voided = advance(fresh, "void", actor=actor, note=reason.strip(), reason=reason.strip())
    advance(voided.container, "unbill", actor=actor)
    return draft(voided.container, actor=actor, replaces=voided) if redraft else None


# ------------------------------------------------------------------ many at once
def draft_ready(order: RepairOrder, *, actor: Any) -> Outcome:
    """Drafts for all containers of the order that are ready for billing and have none yet.

    `moved` are keys of containers. Raises PermissionDenied.
    """
    require(actor)
    taken = Invoice.objects.exclude(state=Invoice.State.VOID).values("container")
    ready = Container.objects.filter(
        consignment=order.consignment_id,
        direction=Direction.OUT,
        state=Container.State.READY_FOR_BILLING,
    ).exclude(pk__in=taken)
    return _each(ready.order_by("number"), lambda box: draft(box, actor=actor))


def issue_drafts(order: RepairOrder, *, actor: Any) -> Outcome:
    """All drafts of the order, each with its own number, in the order of their boxes.

    `moved` are keys of invoices; refused ones stay drafts. Raises PermissionDenied.
    """
    Step(Invoice, "issue").require(actor)
    drafts = Invoice.objects.filter(order=order, state=Invoice.State.DRAFT)
    ordered = drafts.select_related("container", "order").order_by("container__number")
    return _each(ordered, lambda invoice: issue(invoice, actor=actor))


@transaction.atomic
def _each(rows: Iterable[Any], act: Callable[[Any], Any]) -> Outcome:
    out = Outcome()
    for row in list(rows):
        try:
            with transaction.atomic():
                act(row)
        except Refused as refusal:
            out.refused[row.pk] = refusal.reasons[0]
        else:
            out.moved.append(row.pk)
    return out
