"""Repair requests with a scope, agreements, approval, and what the scope does to orders (R67)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from attachments.services import store
from attachments.tests import samples
from core.workflow import Refused, Stale, Step, says
from devices.models import ProductModel, warranty_day
from devices.tests.factories import ProductModelFactory
from history.models import Entry
from notifications.models import Mail
from scopes import guards
from scopes.models import AgreementVersion, Scope, ServiceAgreement
from scopes.services import agreements, fees_of, requests, work
from scopes.services.requests import Fee, Wanted
from scopes.tasks import tell_expiring_agreements
from scopes.tests.factories import ScopeFactory, ServiceAgreementFactory, ServiceFactory
from workorders.models import Counselling, RepairOrder, Unit, UnitService
from workorders.services import desk, receiving
from workorders.services.drafts import split_to_shop
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("R67")]


@pytest.fixture
def d1() -> ProductModel:
    return ProductModelFactory(name="VolcMiner D1")


@pytest.fixture
def mini() -> ProductModel:
    return ProductModelFactory()


def paper(actor: User) -> list[Any]:
    kinds = {"pdf"}
    return [store(samples.upload("agreement.pdf", samples.pdf()), actor=actor, kinds=kinds)]


def company(user: User) -> Any:
    return user.customer


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


# ------------------------------------------------------------------ requests
def test_a_customer_asks_for_many_miners_at_once(cora: User, d1: Any, mini: Any) -> None:
    clean = ServiceFactory(code="cleaning")
    document = store(samples.upload("list.pdf", samples.pdf()), actor=cora, kinds={"pdf"})
    wanted = Wanted([(d1, 20), (mini, 3), (d1, 5)], [clean], sns=["sn-0001", "SN0001", "sn0002"])
    scope = requests.open_request(
        company(cora), actor=cora, wanted=wanted, text="Hash rate is low.", files=[document]
    )
    assert {line.model: line.number for line in scope.lines.all()} == {d1: 25, mini: 3}
    assert list(scope.services.all()) == [clean]
    assert scope.sns == ["SN0001", "SN0002"]
    enquiry = scope.counselling
    assert (enquiry.subject, enquiry.sn) == ("Repair of 28 miners", "")
    assert fresh(enquiry).several
    assert fresh(document).owner == scope


def test_a_customer_agrees_no_fees_and_asks_for_no_other_company(
    cora: User, otto: User, d1: Any
) -> None:
    wanted = Wanted([(d1, 2)], fees=[Fee("Discount", Decimal(0), "USD")])
    scope = requests.open_request(company(cora), actor=cora, wanted=wanted, text="Slow.")
    assert not scope.fees.exists()
    with pytest.raises(PermissionDenied):
        requests.open_request(company(cora), actor=otto, wanted=wanted, text="Slow.")


@pytest.mark.parametrize(
    ("number", "field"), [(0, "miners"), (5001, "miners")], ids=["none", "too many"]
)
def test_a_request_names_miners_and_not_too_many(
    cora: User, d1: Any, number: int, field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        requests.open_request(
            company(cora), actor=cora, wanted=Wanted([(d1, number)]), text="Slow."
        )
    assert field in refusal.value.message_dict


def test_customer_service_writes_what_was_agreed(agnes: User, d1: Any, mini: Any) -> None:
    scope = ScopeFactory(miners={d1: 4})
    wanted = Wanted([(mini, 2)], [ServiceFactory()], [Fee("Express", Decimal("80.00"), "EUR")])
    requests.set_scope(scope.counselling, version=1, actor=agnes, wanted=wanted)
    assert {line.model: line.number for line in scope.lines.all()} == {mini: 2}
    assert [(fee.text, fee.amount, fee.currency) for fee in scope.fees.all()] == [
        ("Express", Decimal("80.00"), "EUR")
    ]
    entry = Entry.objects.of(scope.counselling).get(verb="scope_edited")
    assert "4 × VolcMiner D1" in entry.data["before"]
    assert "Express EUR 80.00" in entry.data["after"]


def test_of_two_colleagues_who_edit_the_scope_the_second_is_told(agnes: User, d1: Any) -> None:
    scope = ScopeFactory(miners={d1: 4})
    requests.set_scope(scope.counselling, version=1, actor=agnes, wanted=Wanted([(d1, 5)]))
    with pytest.raises(Stale):
        requests.set_scope(scope.counselling, version=1, actor=agnes, wanted=Wanted([(d1, 6)]))
    assert scope.lines.get().number == 5


def test_a_plain_enquiry_gets_a_scope_and_a_decided_one_keeps_its(agnes: User, d1: Any) -> None:
    plain = CounsellingFactory()
    requests.set_scope(plain, version=0, actor=agnes, wanted=Wanted([(d1, 5)]))
    assert fresh(plain).several
    decided = ScopeFactory(counselling__converted=True, miners={d1: 1})
    with pytest.raises(Refused):
        requests.set_scope(decided.counselling, version=1, actor=agnes, wanted=Wanted([(d1, 6)]))


def test_only_customer_service_edits_a_scope(cora: User, emil: User, d1: Any) -> None:
    scope = ScopeFactory(counselling__customer=cora.customer, miners={d1: 1})
    for actor in (cora, emil):
        with pytest.raises(PermissionDenied):
            requests.set_scope(scope.counselling, version=1, actor=actor, wanted=Wanted([(d1, 9)]))


# ------------------------------------------------------------------ approval
def reasons(enquiry: Counselling) -> list[str]:
    return [str(reason) for reason in Step(Counselling, "convert").why_not(fresh(enquiry))]


def test_a_request_is_approved_under_an_agreement_only(agnes: User, d1: Any) -> None:
    scope = ScopeFactory(miners={d1: 2})
    enquiry = scope.counselling
    assert any("no service agreement" in reason for reason in reasons(enquiry))
    agreement = ServiceAgreementFactory(customer=enquiry.customer, expired=True)
    with pytest.raises(Refused, match="in force today"):
        desk.convert(enquiry, actor=agnes)
    ServiceAgreement.objects.filter(pk=agreement.pk).update(ends_on=warranty_day())
    order = desk.convert(enquiry, actor=agnes)
    assert order.counselling == enquiry


def test_whoever_works_by_agreements_needs_one_for_a_plain_enquiry_too(agnes: User) -> None:
    enquiry = CounsellingFactory()
    assert reasons(enquiry) == []
    ServiceAgreementFactory(customer=enquiry.customer, expired=True)
    assert len(reasons(enquiry)) == 1


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("has", ["none", "active", "expired", "ended", "future"])
def test_the_guards_say_the_same_to_a_row_and_to_the_database(has: str, several: bool) -> None:
    enquiry, day = CounsellingFactory(several=several), warranty_day()
    traits: dict[str, dict[str, Any]] = {
        "active": {},
        "expired": {"expired": True},
        "ended": {"ended_on": day, "end_reason": "Unpaid."},
        "future": {"starts_on": day + timedelta(days=1)},
    }
    if has in traits:
        ServiceAgreementFactory(customer=enquiry.customer, **traits[has])
    for guard in (guards.has_agreement, guards.agreement_in_force):
        assert guard.rows is not None
        told = Counselling.objects.annotate(says=says(guard.rows())).get(pk=enquiry.pk)
        assert told.says is guard.test(fresh(enquiry)), guard.reason


def test_approval_puts_the_serial_numbers_on_the_draft(agnes: User, d1: Any) -> None:
    held = UnitFactory(sn="HELD0001")
    scope = ScopeFactory(miners={d1: 3}, sns=["AB0001", "AB0002", held.sn])
    ServiceAgreementFactory(customer=scope.counselling.customer)
    order = fresh(desk.convert(scope.counselling, actor=agnes))
    assert sorted(order.units.values_list("sn", flat=True)) == ["AB0001", "AB0002"]
    assert order.unit_count == 2
    assert {unit.model for unit in order.units.all()} == {d1}
    assert Entry.objects.of(order).get(verb="scope_left_out").data == {"count": 1}


def test_a_second_draft_for_another_shop_starts_empty(
    agnes: User, kunshan: Any, leipzig: Any, d1: Any
) -> None:
    scope = ScopeFactory(miners={d1: 1}, sns=["AB0001"])
    ServiceAgreementFactory(customer=scope.counselling.customer)
    order = fresh(desk.convert(scope.counselling, actor=agnes, shop=kunshan))
    second = split_to_shop(order, leipzig, actor=agnes)
    assert not second.units.exists()


# ------------------------------------------------------------------ work follows the scope
def test_devices_get_the_services_in_scope_when_the_order_is_submitted(
    agnes: User, emil: User, d1: Any
) -> None:
    clean, firmware = ServiceFactory(code="clean"), ServiceFactory(code="firmware")
    scope = ScopeFactory(counselling__converted=True, miners={d1: 2}, done=[clean, firmware])
    order = RepairOrderFactory(
        submitted=True, counselling=scope.counselling, shop=emil.memberships.get().shop
    )
    units = [UnitFactory(order=order, model=d1) for _number in range(2)]
    UnitService.objects.create(unit=units[0], service=clean)
    assert work.set_services(order) == 3
    assert work.set_services(order) == 0
    assert {unit.services.count() for unit in units} == {2}
    came = receiving.add_unexpected(order, "ZZ99990001", actor=emil)
    assert came.services.count() == 2


def test_five_thousand_devices_cost_as_many_statements_as_there_are_services(d1: Any) -> None:
    counts = {}
    for number in (1, 5000):
        scope = ScopeFactory(counselling__converted=True, done=[ServiceFactory(), ServiceFactory()])
        order = RepairOrderFactory(submitted=True, counselling=scope.counselling)
        Unit.objects.bulk_create(
            Unit(order=order, sn=f"N{number}X{n:05d}", model=d1) for n in range(number)
        )
        with CaptureQueriesContext(connection) as asked:
            assert work.set_services(order) == 2 * number
        counts[number] = len(asked)
    assert counts[1] == counts[5000]


def test_what_is_announced_is_compared_with_what_was_agreed(d1: Any, mini: Any) -> None:
    scope = ScopeFactory(counselling__converted=True, miners={d1: 2, mini: 1})
    assert work.differences(scope, scope.lines.all()) == []
    order = RepairOrderFactory(submitted=True, counselling=scope.counselling)
    for _number in range(2):
        UnitFactory(order=order, model=d1)
    UnitFactory(order=order, model=mini, announced=False)
    UnitFactory(order=order, model=None)
    told = [
        (each.model, each.agreed, each.announced)
        for each in work.differences(scope, scope.lines.all())
    ]
    assert told == [(mini.name, 1, 0), ("", 0, 1)]


def test_fees_are_told_once_although_there_are_two_orders(agnes: User, d1: Any) -> None:
    scope = ScopeFactory(counselling__converted=True, miners={d1: 1})
    scope.fees.create(text="Express", amount=Decimal("80.00"), currency="EUR")
    first = RepairOrderFactory(submitted=True, counselling=scope.counselling)
    second = RepairOrderFactory(
        submitted=True, counselling=scope.counselling, code=f"{first.code}-2"
    )
    assert fees_of([first.pk, second.pk]) == [(first.pk, "Express", Decimal("80.00"), "EUR")]
    assert fees_of([second.pk]) == []


# ------------------------------------------------------------------ agreements
def test_an_agreement_is_recorded_with_its_paper_and_gets_new_ones(cora: User, agnes: User) -> None:
    day = warranty_day()
    agreement = agreements.record_agreement(
        company(cora), actor=agnes, number="SA-1", starts_on=day, ends_on=day, files=paper(agnes)
    )
    later = day + timedelta(days=365)
    second = agreements.add_version(
        agreement, version=1, actor=agnes, ends_on=later, files=paper(agnes), note="Prolonged."
    )
    assert second.number == 2
    assert fresh(agreement).ends_on == later
    assert [v.ends_on for v in agreement.versions.order_by("number")] == [day, later]
    with pytest.raises(Stale):
        agreements.add_version(agreement, version=1, actor=agnes, ends_on=later, files=paper(agnes))


@pytest.mark.parametrize("wrong", ["paper", "days", "number"])
def test_an_agreement_that_does_not_fit_is_refused_by_field(
    cora: User, agnes: User, wrong: str
) -> None:
    ServiceAgreementFactory(number="SA-1")
    day = warranty_day()
    told: dict[str, Any] = {
        "number": "SA-1" if wrong == "number" else "SA-2",
        "starts_on": day,
        "ends_on": day - timedelta(days=wrong == "days"),
        "files": [] if wrong == "paper" else paper(agnes),
    }
    with pytest.raises(ValidationError) as refusal:
        agreements.record_agreement(company(cora), actor=agnes, **told)
    field = {"paper": "files", "days": "ends_on", "number": "number"}[wrong]
    assert list(refusal.value.message_dict) == [field]


def test_only_customer_service_keeps_agreements(cora: User, mona: User, ada: User) -> None:
    agreement, day = ServiceAgreementFactory(customer=cora.customer), warranty_day()
    for actor in (cora, mona, ada):
        with pytest.raises(PermissionDenied):
            agreements.end_early(agreement, version=1, actor=actor, on=day, reason="Unpaid.")


def test_an_agreement_ended_early_is_out_of_force_from_that_day_on(agnes: User) -> None:
    agreement, day = ServiceAgreementFactory(), warranty_day()
    ended = agreements.end_early(agreement, version=1, actor=agnes, on=day, reason="Unpaid.")
    assert not ended.active_on(day)
    assert ended.active_on(day - timedelta(days=1))
    assert not ServiceAgreement.objects.active_on(day).exists()
    with pytest.raises(Refused):
        agreements.end_early(ended, version=2, actor=agnes, on=day, reason="Again.")
    with pytest.raises(Refused):
        agreements.add_version(ended, version=2, actor=agnes, ends_on=day, files=paper(agnes))


def test_papers_are_never_changed(agnes: User) -> None:
    agreement = ServiceAgreementFactory()
    AgreementVersion.objects.create(
        agreement=agreement, number=1, ends_on=agreement.ends_on, uploaded_by=agnes
    )
    with pytest.raises(DatabaseError):
        AgreementVersion.objects.update(note="Forged.")


def test_customer_service_is_told_once_thirty_days_before_the_end(agnes: User) -> None:
    day = warranty_day()
    soon = ServiceAgreementFactory(ends_on=day + timedelta(days=30))
    ServiceAgreementFactory(ends_on=day + timedelta(days=31))
    ServiceAgreementFactory(expired=True)
    ServiceAgreementFactory(ends_on=day, ended_on=day, end_reason="Unpaid.")
    assert tell_expiring_agreements() == 1
    assert tell_expiring_agreements() == 0
    assert Entry.objects.of(soon).filter(verb="expiring").count() == 1
    mails = Mail.objects.filter(event="agreement-expiring")
    assert [mail.recipient for mail in mails] == [agnes.email]


# ------------------------------------------------------------------ who sees what
def test_scopes_and_agreements_are_seen_by_whom_they_concern(
    cora: User, otto: User, agnes: User, emil: User, erna: User, fin: User, ada: User, d1: Any
) -> None:
    scope = ScopeFactory(
        counselling__converted=True, counselling__customer=cora.customer, miners={d1: 1}
    )
    ServiceAgreementFactory(customer=cora.customer)
    seen = {user.email: Scope.objects.visible_to(user).count() for user in (cora, otto, emil)}
    assert list(seen.values()) == [1, 0, 0]
    RepairOrderFactory(
        submitted=True, counselling=scope.counselling, shop=emil.memberships.get().shop
    )
    assert Scope.objects.visible_to(emil).count() == 1
    assert Scope.objects.visible_to(erna).count() == 0
    assert Scope.objects.visible_to(fin).count() == 0
    agreements_seen = [
        ServiceAgreement.objects.visible_to(user).count()
        for user in (cora, otto, agnes, emil, fin, ada)
    ]
    assert agreements_seen == [1, 0, 1, 0, 0, 1]


def test_an_order_without_enquiry_has_no_scope(d1: Any) -> None:
    order = RepairOrder(code="NONE0001")
    assert work.scope_of(order) is None
