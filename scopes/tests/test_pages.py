"""The pages of requests and agreements, as people use them without a script (R67)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from attachments.tests import samples
from devices.models import warranty_day
from devices.tests.factories import ProductModelFactory
from history.models import Entry
from scopes.models import Scope, ServiceAgreement
from scopes.tests.factories import ScopeFactory, ServiceAgreementFactory, ServiceFactory
from workorders.models import Counselling
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory
from workorders.tests.talk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.row("R67")]


def rows(prefix: str, *told: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(told),
        f"{prefix}-INITIAL_FORMS": 0,
    }
    for number, row in enumerate(told):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


@pytest.fixture
def model() -> Any:
    return ProductModelFactory()


# ------------------------------------------------------------------ requests
def test_a_request_is_filed_with_services_serial_numbers_and_a_document(
    cora: User, model: Any
) -> None:
    clean = ServiceFactory(code="cleaning")
    data = {
        **rows("miners", {"model": model.pk, "number": 12}, {"model": "", "number": ""}),
        "services": [clean.pk],
        "text": "Half of them restart.",
        "sns": "SN-0001",
        "sn_file": samples.upload("list.csv", b"sn,place\nSN0002,A1\nSN0001,A2\n"),
        "files": samples.upload("order.pdf", samples.pdf()),
    }
    client = signed_in(cora)
    answer = client.post(reverse("scopes:request-new"), data)
    scope = Scope.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == reverse("scopes:request", args=[scope.counselling.number])
    assert scope.sns == ["SN0001", "SN0002"]
    page = client.get(answer["Location"]).content.decode()
    for words in ("12", str(model), "Cleaning", "SN0002", "order.pdf", "None in force"):
        assert words in page
    listed = client.get(reverse("scopes:requests")).content.decode()
    assert "Repair of 12 miners" in listed


def test_more_rows_come_without_a_script_and_judge_nothing(cora: User, model: Any) -> None:
    data = {**rows("miners", {"model": model.pk, "number": 12}), "text": "", "more": "miners"}
    answer = signed_in(cora).post(reverse("scopes:request-new"), data)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="miners-2-model"' in page
    assert 'value="12"' in page
    assert 'role="alert"' not in page


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"number": 3},
        {"model": "1"},
        {"model": "1", "number": 0},
        {"model": "1", "number": 3, "text": ""},
    ],
    ids=["nothing", "no model", "no number", "none", "no words"],
)
def test_what_does_not_fit_keeps_what_was_typed(
    cora: User, model: Any, told: dict[str, Any]
) -> None:
    row = {name: told.get(name, "") for name in ("model", "number")}
    row["model"] = row["model"] and model.pk
    data = {**rows("miners", row), "text": told.get("text", "They restart."), "sns": "SN-0001"}
    answer = signed_in(cora).post(reverse("scopes:request-new"), data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert "SN-0001" in answer.content.decode()
    assert not Scope.objects.exists()


def test_customer_service_agrees_the_scope_and_a_colleague_is_told(agnes: User, model: Any) -> None:
    scope = ScopeFactory(miners={model: 4})
    address = reverse("scopes:request-edit", args=[scope.counselling.number])
    client = signed_in(agnes)
    assert 'value="4"' in client.get(address).content.decode()
    data = {
        **rows("miners", {"model": model.pk, "number": 5}),
        **rows("fees", {"text": "Express", "amount": "80.00", "currency": "EUR"}),
        "version": 1,
    }
    assert client.post(address, data).status_code == 303
    assert client.post(address, data).status_code == 409
    card = client.get(reverse("scopes:request-card", args=[scope.counselling.number]))
    assert "Express" in card.content.decode()
    grown = client.post(address, data | {"more": "fees"})
    assert (grown.status_code, 'name="fees-2-text"' in grown.content.decode()) == (200, True)


def test_the_pages_of_the_enquiry_show_the_scope_and_what_is_missing(
    cora: User, agnes: User, model: Any
) -> None:
    scope = ScopeFactory(
        counselling=CounsellingFactory(customer=cora.customer, several=True, sn=""),
        miners={model: 4},
    )
    address = reverse("workorders:counselling", args=[scope.counselling.number])
    card = reverse("scopes:request-card", args=[scope.counselling.number])
    own, staff = signed_in(cora), signed_in(agnes)
    assert card in own.get(address).content.decode()
    page = staff.get(address).content.decode()
    assert "No service agreement" in page
    assert f"{reverse('scopes:agreement-new')}?customer={cora.customer_id}" in page
    ServiceAgreementFactory(customer=cora.customer)
    again = staff.get(address).content.decode()
    assert "No service agreement" not in again
    assert card in again


def test_the_order_says_where_it_differs_from_the_scope(cora: User, emil: User, model: Any) -> None:
    scope = ScopeFactory(
        counselling=CounsellingFactory(customer=cora.customer, converted=True, several=True),
        miners={model: 2},
    )
    shop = emil.memberships.get().shop
    order = RepairOrderFactory(
        submitted=True, counselling=scope.counselling, customer=cora.customer, shop=shop
    )
    UnitFactory(order=order, model=model)
    card = reverse("scopes:request-card", args=[scope.counselling.number])
    for user in (cora, emil):
        client = signed_in(user)
        assert card in client.get(reverse("workorders:repair", args=[order.code])).content.decode()
        line = client.get(card, {"line": 1}).content.decode()
        assert "Announced is not what was agreed" in line
        page = client.get(reverse("scopes:request", args=[scope.counselling.number]))
        assert "2 agreed, 1 announced" in page.content.decode()


def test_the_workshop_reads_no_fees_and_nothing_of_the_conversation(emil: User, model: Any) -> None:
    enquiry = CounsellingFactory(converted=True, several=True, subject="Between us")
    scope = ScopeFactory(counselling=enquiry, miners={model: 2})
    scope.fees.create(text="Secret fee", amount=1, currency="EUR")
    RepairOrderFactory(submitted=True, counselling=enquiry, shop=emil.memberships.get().shop)
    page = signed_in(emil).get(reverse("scopes:request", args=[enquiry.number])).content.decode()
    assert "Secret fee" not in page
    assert "Between us" not in page


# ------------------------------------------------------------------ agreements
def test_an_agreement_is_recorded_read_and_ended(cora: User, agnes: User) -> None:
    staff, own, day = signed_in(agnes), signed_in(cora), warranty_day()
    found = staff.get(reverse("scopes:agreement-new"), {"find": "Nordfjell"}).content.decode()
    assert f"?customer={cora.customer_id}" in found
    data = {
        "customer": cora.customer_id,
        "number": "SA-7",
        "starts_on": day,
        "ends_on": day + timedelta(days=20),
        "files": samples.upload("signed.pdf", samples.pdf()),
    }
    answer = staff.post(reverse("scopes:agreement-new"), data)
    agreement = ServiceAgreement.objects.get()
    address = reverse("scopes:agreement", args=[agreement.pk])
    assert answer["Location"] == address
    page = own.get(address).content.decode()
    assert "signed.pdf" in page
    assert "Upload a new version" not in page
    soon = staff.get(reverse("scopes:agreements"), {"standing": "soon"}).content.decode()
    assert "SA-7" in soon
    ended = staff.post(
        reverse("scopes:agreement-end", args=[agreement.pk]),
        {"version": 1, "ended_on": day, "end_reason": "Unpaid."},
    )
    assert ended.status_code == 303
    assert "Unpaid." in own.get(address).content.decode()
    assert Entry.objects.of(agreement).filter(verb="ended").exists()


@pytest.mark.parametrize("wrong", ["no paper", "not a paper", "stale"])
def test_a_version_that_does_not_fit_is_refused_with_its_form(agnes: User, wrong: str) -> None:
    agreement = ServiceAgreementFactory()
    files = {
        "no paper": {},
        "not a paper": {"files": samples.upload("a.txt", samples.LOG)},
        "stale": {"files": samples.upload("a.pdf", samples.pdf())},
    }
    data = {"version": 9, "ends_on": warranty_day(), "note": "Typed", **files[wrong]}
    answer = signed_in(agnes).post(reverse("scopes:agreement-version", args=[agreement.pk]), data)
    assert answer.status_code == (409 if wrong == "stale" else 422)
    assert "Typed" in answer.content.decode()


def test_approval_is_refused_on_the_page_with_the_reason(agnes: User, model: Any) -> None:
    scope = ScopeFactory(miners={model: 2})
    address = reverse("workorders:counselling-convert", args=[scope.counselling.number])
    client = signed_in(agnes)
    assert "There is no service agreement" in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 409
    ServiceAgreementFactory(customer=scope.counselling.customer)
    assert client.post(address, {}).status_code == 303
    assert Counselling.objects.get(pk=scope.counselling_id).state == "finished"
