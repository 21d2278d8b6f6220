"""What billing does when a box is sealed or opened again; inside the transaction of that step."""

from __future__ import annotations

from accounts.models import User
from billing.models import Invoice
from billing.services import charges, invoices
from core.events import Event, subscribe
from history.services import advance
from logistics.models import Container, Direction


@subscribe(Container, "seal")
def box_sealed(event: Event) -> None:
    """Nothing due: the box is released at once, so that warranty repairs never wait for finance
    (E20). Otherwise it waits for its invoice (R78). The sealer holds the order's lock."""
    actor = User.objects.filter(pk=event.actor_id).first()
    boxes = event.subjects().filter(direction=Direction.OUT).select_related("consignment")
    for box in boxes.order_by("pk"):
        order = charges.order_of(box)
        if order is None:
            continue
        found = charges.of_container(box)
        if any(charge.price is None or charge.amount for charge in found):
            advance(box, "request_billing", actor=actor)
        else:
            invoices.waive(invoices.write(order, box, found, actor=actor), actor=actor)


@subscribe(Container, "reopen")
def box_opened_again(event: Event) -> None:
    """A draft of a box that is packed anew is worth nothing."""
    actor = User.objects.filter(pk=event.actor_id).first()
    drafts = Invoice.objects.filter(container__in=event.pks, state=Invoice.State.DRAFT)
    for draft in drafts.select_related("container"):
        invoices.discard(draft, actor=actor)
