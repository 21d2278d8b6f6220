"""The agent's page of an enquiry and its steps, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer
from accounts.roles import Role
from accounts.tests.factories import UserFactory
from devices.models import Verdict
from devices.tests.factories import DeviceFactory
from workorders import presence
from workorders.models import Counselling, Message, RepairOrder
from workorders.services import threads
from workorders.tests.factories import (
    CounsellingFactory,
    MessageFactory,
    RepairOrderFactory,
    UnitFactory,
)

STEPS = ("take", "assign", "resolve", "refer", "convert", "settle", "device", "warranty")


def url(name, enquiry):
    return reverse(f"workorders:{name}", args=[enquiry.number])


@pytest.fixture
def desk(client, agnes):
    client.force_login(agnes)
    return client


@pytest.fixture
def zhao(db):
    return UserFactory(role=Role.AGENT, name="Zhao Min")


@pytest.fixture
def enquiry(cora):
    made = CounsellingFactory(
        customer=cora.customer, opened_by=cora, due_at=timezone.now() + timedelta(hours=2)
    )
    MessageFactory(thread=made.thread, author=cora)
    return made


def fresh(counselling):
    return Counselling.objects.get(pk=counselling.pk)


# ------------------------------------------------------------------ the page
def test_the_page_shows_thread_device_customer_and_decision(desk, cora, enquiry):
    page = desk.get(url("counselling", enquiry)).content.decode()
    for text in ("The fans turn", enquiry.sn, "Nordfjell Hosting AB", "Cora Lind", "In warranty"):
        assert text in page
    assert "Convert to repair order" in page
    assert "Internal note" in page
    assert "Send and close as solved" in page


def test_the_note_looks_different_from_the_reply(desk, enquiry):
    note = desk.get(url("counselling", enquiry) + "?note=1").content.decode()
    assert "is-internal" in note
    assert "Send and close as solved" not in note
    assert "is-internal" not in desk.get(url("counselling", enquiry)).content.decode()


def test_a_refused_step_is_greyed_with_its_reason(desk, cora):
    out = CounsellingFactory(customer=cora.customer, verdict=Verdict.OUT)
    page = desk.get(url("counselling", out)).content.decode()
    assert "its brand refers such repairs to third parties" in page
    assert 'id="convert"' not in page
    assert "Answer the customer before you close the enquiry." in page


def test_history_shows_this_device_and_this_customer(desk, cora, otto, enquiry):
    same_device = CounsellingFactory(
        customer=otto.customer, opened_by=otto, sn=enquiry.sn, subject="Board 1 missing"
    )
    same_customer = CounsellingFactory(customer=cora.customer, subject="Noise from fan 2")
    CounsellingFactory(customer=otto.customer, opened_by=otto, subject="Something else")
    order = RepairOrderFactory(customer=cora.customer, counselling=None, code="HISTORY2", opened_by=cora, thread=same_customer.thread)  # fmt: skip  # noqa: E501
    beside = url("counselling-history", enquiry)
    assert f'hx-get="{beside}"' in desk.get(url("counselling", enquiry)).content.decode()
    whole, card = desk.get(beside), desk.get(beside, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in card.content.decode()
    for page in (whole.content.decode(), card.content.decode()):
        assert same_device.subject in page
        assert same_customer.subject in page
        assert order.code in page
        assert "Something else" not in page


def test_an_open_order_that_holds_the_number_is_named(desk, otto, enquiry):
    """E11: the agent sees whose it is, the customer never does."""
    order = RepairOrderFactory(customer=otto.customer, submitted=True)
    UnitFactory(order=order, sn=enquiry.sn)
    page = desk.get(url("counselling", enquiry)).content.decode()
    assert f"is in the open repair order {order.code} of Otto Weiss" in page


def test_the_page_costs_the_same_with_one_and_with_eight_of_everything(desk, cora, enquiry):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(url("counselling", enquiry)).status_code == 200
        return len(caught)

    queries()
    few = queries()
    for _number in range(8):
        MessageFactory(thread=enquiry.thread, author=cora)
        other = CounsellingFactory(customer=cora.customer, opened_by=cora, sn=enquiry.sn)
        RepairOrderFactory(customer=cora.customer, counselling=other, code=f"CODE{other.pk:04}")
        UserFactory(customer=cora.customer)
    assert queries() == few
    assert few <= 12


def test_two_agents_see_each_other(desk, zhao, enquiry):
    """D10."""
    presence.seen(enquiry.thread_id, zhao, presence.WRITING)
    assert "Zhao Min is writing" in desk.get(url("counselling", enquiry)).content.decode()


def test_an_admin_reads_but_finds_no_form(client, ada, enquiry):
    client.force_login(ada)
    page = client.get(url("counselling", enquiry)).content.decode()
    assert 'id="composer"' not in page
    assert url("counselling-resolve", enquiry) not in page
    for step in ("refer", "convert"):
        assert client.get(url(f"counselling-{step}", enquiry)).status_code == 200


@pytest.mark.parametrize("name", ["cora", "otto", "emil", "erna", "mona", "fin", "sal", "ada"])
@pytest.mark.parametrize("step", STEPS)
def test_only_customer_service_takes_its_steps(client, request, name, step, enquiry):
    client.force_login(request.getfixturevalue(name))
    assert client.post(url(f"counselling-{step}", enquiry)).status_code == 403
    assert fresh(enquiry).state == "open"


@pytest.mark.parametrize("step", STEPS)
def test_an_enquiry_that_is_not_there_is_404(desk, step):
    address = reverse(f"workorders:counselling-{step}", args=[99_999])
    assert desk.post(address).status_code == 404


# ------------------------------------------------------------------ steps
def test_take_and_assign(desk, agnes, zhao, enquiry):
    assert desk.post(url("counselling-take", enquiry)).status_code == 303
    assert fresh(enquiry).assignee == agnes
    desk.post(url("counselling-assign", enquiry), {"to": zhao.pk})
    assert fresh(enquiry).assignee == zhao
    assert desk.post(url("counselling-take", enquiry)).status_code == 409
    desk.post(url("counselling-assign", enquiry), {"to": ""})
    assert fresh(enquiry).assignee is None


def test_assigning_to_a_customer_or_nonsense_is_404(desk, cora, enquiry):
    for to in (cora.pk, "x", "0"):
        assert desk.post(url("counselling-assign", enquiry), {"to": to}).status_code == 404


def test_resolving_before_an_answer_is_refused_with_the_reason(desk, enquiry):
    response = desk.post(url("counselling-resolve", enquiry))
    assert response.status_code == 409
    assert "Answer the customer before" in response.content.decode()


def test_send_and_close_writes_and_finishes(desk, enquiry):
    response = desk.post(url("counselling-resolve", enquiry), {"text": "Glad it works."})
    assert response.status_code == 303
    assert fresh(enquiry).outcome == "solved"
    assert Message.objects.filter(text="Glad it works.").exists()


def test_send_and_close_by_htmx_loads_the_page_again(desk, enquiry):
    response = desk.post(
        url("counselling-resolve", enquiry), {"text": "Done."}, headers={"HX-Request": "true"}
    )
    assert response.headers["HX-Redirect"] == url("counselling", enquiry)


def test_an_answer_by_htmx_brings_a_fresh_head_along(desk, enquiry):
    response = desk.post(
        url("message-post", enquiry), {"text": "Try 1.4.1."}, headers={"HX-Request": "true"}
    )
    fragment = response.content.decode()
    assert 'id="composer"' in fragment
    assert 'id="desk-head" hx-swap-oob="true"' in fragment
    assert "Waiting for customer" in fragment


def test_a_colleagues_answer_in_between_is_shown_and_the_text_kept(desk, zhao, enquiry):
    """D10: nothing is sent, nothing is lost; sent again it goes through."""
    threads.post_message(enquiry.thread, actor=zhao, text="Please try firmware 1.4.1.")
    data = {"text": "My own answer.", "latest": "0"}
    for address in ("counselling-resolve", "message-post"):
        response = desk.post(url(address, enquiry), data)
        assert response.status_code == 409
        page = response.content.decode()
        assert "My own answer." in page
        assert "Zhao Min answered" in page
    assert fresh(enquiry).state == "answered"
    newest = Message.objects.latest("pk").pk
    again = desk.post(url("counselling-resolve", enquiry), data | {"latest": str(newest)})
    assert again.status_code == 303


def test_convert_is_a_page_with_words_in_the_customers_language(desk, enquiry):
    page = desk.get(url("counselling-convert", enquiry)).content.decode()
    assert "{code}" in page
    assert "Convert and send" in page


@pytest.mark.row("R16", "R18")
def test_convert_opens_the_draft_and_tells_the_code(desk, enquiry, kunshan):
    data = {"shop": kunshan.pk, "message": "Code {code}.", "service_note": "EEPROM"}
    response = desk.post(url("counselling-convert", enquiry), data, follow=True)
    order = RepairOrder.objects.get()
    page = response.content.decode()
    assert order.code in page
    assert order.shop == kunshan
    assert fresh(enquiry).state == "finished"
    assert Message.objects.filter(text=f"Code {order.code}.").exists()


def test_a_refused_conversion_keeps_the_text_and_says_why(desk, cora):
    out = CounsellingFactory(customer=cora.customer, verdict=Verdict.OUT)
    response = desk.post(url("counselling-convert", out), {"message": "Long words."})
    assert response.status_code == 409
    page = response.content.decode()
    assert "Long words." in page
    assert "out of warranty" in page


def test_a_shop_that_is_not_offered_is_an_error_in_the_form(desk, enquiry):
    response = desk.post(url("counselling-convert", enquiry), {"shop": 999})
    assert response.status_code == 422
    assert fresh(enquiry).state == "open"


def test_refer_needs_words_and_finishes(desk, enquiry):
    assert desk.post(url("counselling-refer", enquiry), {"message": ""}).status_code == 422
    assert desk.post(url("counselling-refer", enquiry), {"message": "Shops."}).status_code == 303
    assert fresh(enquiry).outcome == "third_party"


def test_the_device_is_entered_and_the_verdict_follows(desk, enquiry):
    device = DeviceFactory()
    assert desk.post(url("counselling-device", enquiry), {"sn": device.sn}).status_code == 303
    assert fresh(enquiry).device == device
    wrong = desk.post(url("counselling-device", enquiry), {"sn": "---"})
    assert wrong.status_code == 422
    assert "A serial number has letters and digits." in wrong.content.decode()


def test_a_decision_without_a_reason_is_a_form_error(desk, enquiry):
    response = desk.post(url("counselling-warranty", enquiry), {"decision": "covered"})
    assert response.status_code == 422


def test_a_decision_shows_its_reason_in_the_thread_to_the_desk_only(client, agnes, cora, enquiry):
    client.force_login(agnes)
    data = {"decision": "paid", "reason": "Bought in May, says the invoice."}
    client.post(url("counselling-warranty", enquiry), data)
    assert data["reason"] in client.get(url("counselling", enquiry)).content.decode()
    client.force_login(cora)
    assert data["reason"] not in client.get(url("counselling", enquiry)).content.decode()


def test_no_answer_needed_is_offered_where_it_fits(desk, cora):
    again = CounsellingFactory(customer=cora.customer, finished=True, needs_answer=True)
    assert url("counselling-settle", again) in desk.get(url("counselling", again)).content.decode()
    assert desk.post(url("counselling-settle", again)).status_code == 303
    assert not fresh(again).needs_answer


def test_next_and_previous_walk_the_queue(desk, cora):
    now = timezone.now()
    rows = [
        CounsellingFactory(customer=cora.customer, due_at=now),
        CounsellingFactory(customer=cora.customer, due_at=now + timedelta(hours=1)),
        CounsellingFactory(customer=cora.customer, due_at=None),
        CounsellingFactory(customer=cora.customer, answered=True),
    ]
    here = [url("counselling", row) for row in rows]
    onward = [desk.get(url("counselling-next", row))["Location"] for row in rows]
    back = [desk.get(url("counselling-previous", row))["Location"] for row in rows]
    queue = reverse("workorders:queue")
    assert onward == [*here[1:], queue]
    assert back == [queue, *here[:-1]]


# ------------------------------------------------------------------ on a customer's behalf
BEHALF = reverse("workorders:counselling-behalf")
TOLD = {"channel": "phone", "request_kind": "repair", "text": "No hash rate.", "sn": "zz-1 2"}


def test_an_agent_finds_the_customer_and_opens(desk, cora):
    found = desk.get(BEHALF, {"find": "nordfj"}).content.decode()
    assert f"?customer={cora.customer_id}" in found
    response = desk.post(BEHALF, TOLD | {"customer": cora.customer_id})
    assert response.status_code == 303
    opened = Counselling.objects.get()
    assert (opened.customer, opened.channel, opened.sn) == (cora.customer, "phone", "ZZ12")
    assert opened.request_kind == "repair"


def test_a_new_customer_without_a_login_is_fine(desk, agnes):
    data = TOLD | {"name": "Ma Li", "kind": "person", "phone": "+86 138", "language": "zh-hans"}
    assert desk.post(BEHALF, data).status_code == 303
    assert Customer.objects.get(name="Ma Li").people.count() == 0
    assert Counselling.objects.get().assignee == agnes


def test_a_known_address_is_not_registered_twice(desk, cora):
    data = TOLD | {"name": "Cora", "kind": "person", "email": "CORA@example.com", "language": "en"}
    response = desk.post(BEHALF, data)
    assert response.status_code == 422
    assert "This is the address of Nordfjell" in response.content.decode()
    assert not Counselling.objects.exists()


def test_nobody_can_be_reached_without_contact(desk):
    data = TOLD | {"name": "Ma Li", "kind": "person", "language": "en"}
    assert desk.post(BEHALF, data).status_code == 422
    assert not Customer.objects.filter(name="Ma Li").exists()


def test_a_day_in_the_future_is_refused(desk, cora):
    data = TOLD | {"customer": cora.customer_id, "bought_on": "2999-01-01"}
    assert desk.post(BEHALF, data).status_code == 422


def test_a_device_in_an_open_order_of_the_customer_is_refused_with_the_text_kept(desk, cora):
    order = RepairOrderFactory(customer=cora.customer, submitted=True)
    unit = UnitFactory(order=order)
    data = TOLD | {"customer": cora.customer_id, "sn": unit.sn}
    response = desk.post(BEHALF, data)
    assert response.status_code == 409
    assert "No hash rate." in response.content.decode()


def test_the_registry_speaks_while_the_number_is_typed(desk):
    device = DeviceFactory()
    address = reverse("workorders:sn-verdict")
    assert "In warranty" in desk.get(address, {"sn": device.sn.lower()}).content.decode()
    assert "does not know" in desk.get(address, {"sn": "nothing"}).content.decode()
    assert desk.get(address).content.decode().strip() == ""


@pytest.mark.parametrize("name", ["cora", "emil", "fin"])
def test_the_registry_page_of_the_desk_is_not_for_others(client, request, name):
    client.force_login(request.getfixturevalue(name))
    assert client.get(reverse("workorders:sn-verdict")).status_code == 403
    assert client.get(BEHALF).status_code == 403
