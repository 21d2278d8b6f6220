"""What several pages of billing show: an order's boxes, an invoice's lines, how to pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.roles import Role
from billing.models import Invoice, InvoiceLine
from billing.services.invoices import DRAFTERS
from billing.services.sums import ZERO, billing_day
from core.templatetags.ui import money
from core.workflow import Text
from logistics.models import Container, Direction
from workorders.models import RepairOrder, Unit
from workorders.views.repair_parcels import qr_code

READERS = (Role.CUSTOMER, Role.AGENT, Role.SHOP_MANAGER, Role.FINANCE)
KEEPERS = (Role.AGENT, Role.SHOP_MANAGER, Role.FINANCE)
ONE_BY_ONE = 60  # lines of an invoice shown each by itself; more are put together
MOST_GROUPS = 120
FEW_DUE = 3  # invoices that an order's page names; the list has them all
FEW_BOXES = 10  # on the Billing tab
MOST_BOXES = 25  # on a page of their own
MOST_ORDERS = 500


def find_invoice(request: HttpRequest, pk: int) -> Invoice:
    """The invoice if this person sees it. Raises Http404, the same for foreign and absent."""
    rows = Invoice.objects.visible_to(request.user).listed()
    known = rows.select_related("order", "container", "customer", "account", "replaces")
    found: Invoice = get_object_or_404(known, pk=pk)
    return found


def find_order(request: HttpRequest, code: str) -> RepairOrder:
    """The order whose billing this person sees; finance sees that of all. Raises Http404."""
    rows = RepairOrder.objects.coded(code)
    if request.user.role != Role.FINANCE:  # type: ignore[union-attr]
        rows = rows & RepairOrder.objects.visible_to(request.user)
    order: RepairOrder | None = rows.select_related("customer", "shop").first()
    if order is None or order.consignment_id is None:
        raise Http404
    return order


def find_box(request: HttpRequest, pk: int) -> Container:
    """A container that goes back; finance reaches those of every shop. Raises Http404."""
    boxes = Container.objects.filter(direction=Direction.OUT)
    if request.user.role != Role.FINANCE:  # type: ignore[union-attr]
        boxes = boxes & Container.objects.visible_to(request.user)
    found: Container = get_object_or_404(boxes, pk=pk)
    return found


def unbilled() -> list[tuple[str, str, int]]:
    """Orders with boxes that are ready for billing and have no draft: code, customer, how many."""
    taken = Invoice.objects.exclude(state=Invoice.State.VOID).values("container")
    boxes = Container.objects.filter(
        direction=Direction.OUT, state=Container.State.READY_FOR_BILLING
    ).exclude(pk__in=taken)
    names = ("consignment__reference", "consignment__customer__name")
    found = boxes.order_by(names[0]).values_list(*names).annotate(n=Count("pk"))
    return list(found[:MOST_ORDERS])


# ------------------------------------------------------------------ an order's boxes
@dataclass(frozen=True)
class Row:
    """One container that goes back, with its invoice and what is missing until it may leave."""

    box: Container
    units: int
    invoice: Invoice | None
    open: int  # payments that wait for finance
    missing: Text
    draftable: bool


def order_context(
    order: RepairOrder, user: Any, *, after: int | None = None, most: int = FEW_BOXES
) -> dict[str, Any]:
    """The Billing tab: three queries for any number of boxes; those that still wait come first.

    Sums and numbers are those of all boxes, `rows` only the next ones behind the box `after`.
    """
    boxes, invoices = _boxes(order, user)
    keys = [box.pk for box, _units in boxes]
    start = keys.index(after) + 1 if after in keys else 0
    shown = boxes[start : start + most]
    more = len(boxes) - start - len(shown)
    role = user.role
    return {
        "order": order,
        "rows": [_row(box, units, invoices.get(box.pk), order) for box, units in shown],
        "more": more,
        "next": f"?after={shown[-1][0].pk}" if more else "",
        "moved": start > 0,
        "draftable": sum(_draftable(box, invoices) for box, _units in boxes)
        if role in DRAFTERS
        else 0,
        "drafts": sum(i.state == Invoice.State.DRAFT for i in invoices.values()),
        "may_draft": role in DRAFTERS,
        "may_issue": role == Role.FINANCE,
        "may_read": role in READERS or role == Role.ADMIN,
        "may_pay": role == Role.CUSTOMER,
        "sums": _sums(invoices.values()),
    }


def _sums(invoices: Iterable[Invoice]) -> list[tuple[Text, str]]:
    """Total, received, still due; one currency per order."""
    numbered = [i for i in invoices if i.state in Invoice.STANDING and i.total]
    if not numbered:
        return []
    currency = numbered[0].currency
    return [
        (_("Invoiced"), money(sum((i.total for i in numbered), ZERO), currency)),
        (_("Received"), money(sum((i.received for i in numbered), ZERO), currency)),
        (_("Still to be paid"), money(sum((i.due for i in numbered), ZERO), currency)),
    ]


def _boxes(order: RepairOrder, user: Any) -> tuple[list[tuple[Container, int]], dict[int, Any]]:
    """Boxes that hold something, each with its number of devices; invoices by box."""
    boxes = Container.objects.filter(consignment=order.consignment_id, direction=Direction.OUT)
    held = Unit.objects.filter(outbound_container__in=boxes).order_by()
    counts = dict(held.values_list("outbound_container").annotate(n=Count("pk")))
    seen = Invoice.objects.visible_to(user).filter(order=order).exclude(state="void")
    waiting = Count("payments", filter=Q(payments__state="announced"))
    found = [(box, counts[box.pk]) for box in boxes.order_by("number") if box.pk in counts]
    found.sort(key=lambda each: each[0].state == Container.State.RELEASED)
    held_by = {i.container_id: i for i in seen.annotate(open=waiting).order_by("pk")}
    return found, {box.pk: held_by[box.pk] for box, _units in found if box.pk in held_by}


def _draftable(box: Container, invoices: dict[int, Any]) -> bool:
    return box.state == Container.State.READY_FOR_BILLING and box.pk not in invoices


def _row(box: Container, units: int, invoice: Any, order: RepairOrder) -> Row:
    if invoice is not None:
        invoice.order, invoice.container = order, box
    ready = box.state == Container.State.READY_FOR_BILLING
    seen = invoice if invoice is None or invoice.number or invoice.state == "draft" else None
    waits = getattr(invoice, "open", 0)
    return Row(box, units, seen, waits, what_is_missing(box, invoice), ready and invoice is None)


def what_is_missing(box: Container, invoice: Invoice | None) -> Text:
    """One sentence: what keeps the box from leaving; empty when nothing does."""
    if box.state == Container.State.OPEN:
        return _("It is being packed.")
    if invoice is None:
        return "" if box.state == Container.State.RELEASED else _("Its invoice is being prepared.")
    if invoice.state == Invoice.State.DRAFT:
        return _("The draft is to be issued.")
    if invoice.state == Invoice.State.ISSUED:
        return _("%(amount)s are still to be paid.") % {
            "amount": money(invoice.due, invoice.currency)
        }
    if invoice.due:
        return _("A payment was taken back after the box had left: %(amount)s are missing.") % {
            "amount": money(invoice.due, invoice.currency)
        }
    return "" if invoice.total else _("Nothing to pay.")


def container_context(box: Container, user: Any) -> dict[str, Any] | None:
    """The invoice on the container's own page."""
    found = Invoice.objects.visible_to(user).filter(container=box.pk).exclude(state="void")
    invoice = found.select_related("order", "container").first()
    ready = box.state == Container.State.READY_FOR_BILLING
    if invoice is None and not ready:
        return None
    return {
        "box": box,
        "invoice": invoice if invoice and (invoice.number or invoice.state == "draft") else None,
        "missing": what_is_missing(box, invoice),
        "may_draft": ready and invoice is None and user.role in DRAFTERS,
        "may_read": user.role in READERS or user.role == Role.ADMIN,
    }


# ------------------------------------------------------------------ an invoice's lines
def shown_lines(invoice: Invoice, most: int = ONE_BY_ONE) -> dict[str, Any]:
    """The lines one by one, or, where they are many, those alike together: at most two queries."""
    first = list(InvoiceLine.objects.filter(invoice=invoice).order_by("pk")[: most + 1])
    if len(first) <= most:
        return {
            "lines": first,
            "one_by_one": True,
            "line_count": len(first),
            "more_groups": 0,
            "missing": _unpriced(first),
        }
    groups = _alike(invoice)
    return {
        "lines": groups[:MOST_GROUPS],
        "one_by_one": False,
        "line_count": sum(group["lines"] for group in groups),
        "more_groups": max(0, len(groups) - MOST_GROUPS),
        "missing": [group for group in groups if group["price"] is None],
    }


def _alike(invoice: Invoice) -> list[dict[str, Any]]:
    """Lines that differ by device only, as one with their number: 5,000 devices fit a page."""
    heaps = InvoiceLine.objects.filter(invoice=invoice).order_by()
    counted: Any = heaps.values("kind", "text", "price", "basis", "note").annotate(
        first=Min("pk"),
        quantity=Sum("quantity"),
        amount=Sum("amount"),
        lines=Count("pk"),
        devices=Count("unit", distinct=True),
    )
    return list(counted.order_by("first"))


def _unpriced(lines: list[InvoiceLine]) -> list[dict[str, Any]]:
    """What has no price, each kind of work once; a price counts for all lines of the kind."""
    found: dict[tuple[str, Any, str], dict[str, Any]] = {}
    for line in lines:
        if line.price is None:
            key = (line.kind, line.key, line.text)
            fresh = {"first": line.pk, "text": line.text, "note": line.note, "lines": 0}
            found.setdefault(key, fresh)["lines"] += 1
    return list(found.values())


# ------------------------------------------------------------------ how to pay
def how_to_pay(invoice: Invoice) -> dict[str, Any] | None:
    """Account, amount, currency and the reference to put on the transfer (R97)."""
    if invoice.state != Invoice.State.ISSUED or invoice.account is None:
        return None
    return {
        "account": invoice.account,
        "amount": invoice.due,
        "currency": invoice.currency,
        "reference": invoice.number,
        "due_on": invoice.due_on,
        "overdue": invoice.due_on is not None and invoice.due_on < billing_day(),
        "qr": transfer_qr(invoice),
    }


def transfer_qr(invoice: Invoice) -> SafeString | None:
    """A European transfer as banking apps scan it (EPC069-12); None for other accounts."""
    account = invoice.account
    iban = account.number.replace(" ", "") if account else ""
    fits = invoice.currency == "EUR" and iban[:2].isalpha() and 15 <= len(iban) <= 34
    if account is None or not fits or not Decimal("0.01") <= invoice.due < Decimal(10**9):
        return None
    lines = ["BCD", "002", "1", "SCT", account.bic, account.holder[:70], iban]
    lines += [f"EUR{invoice.due:.2f}", "", "", invoice.number, ""]
    return qr_code("\n".join(lines))


def due_context(order: RepairOrder, user: Any) -> dict[str, Any]:
    """The invoices of an order that are to be paid, the oldest debts first; two queries."""
    seen = Invoice.objects.visible_to(user).listed().filter(order=order.pk)
    counts = seen.aggregate(n=Count("pk"), due=Count("pk", filter=Q(state=Invoice.State.ISSUED)))
    waiting = Count("payments", filter=Q(payments__state="announced"))
    rows = seen.filter(state=Invoice.State.ISSUED).select_related("account", "container")
    found = list(rows.annotate(open=waiting).order_by("due_on", "pk")[:FEW_DUE])
    due = [{"invoice": invoice, "pay": pay} for invoice in found if (pay := how_to_pay(invoice))]
    return {
        "order": order,
        "due": due,
        "more": counts["due"] - len(due),
        "any": counts["n"],
    }
