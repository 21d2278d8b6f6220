"""Quotes: written, sent, answered, expired; who may, what follows, what invoices learn (D9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from billing.models import Price, PriceList, Quote, QuoteLine, QuoteUnit
from billing.quote_tasks import expire_quotes, remind_of_quotes
from billing.services import quote_answers, quote_lines, quote_sums, quotes
from billing.services.quote_lines import Wanted
from billing.tests.quoting import at_work
from core.workflow import Refused, Stale, Step
from devices.models import Verdict, warranty_day
from history.models import Entry
from notifications.models import Mail
from parts.models import PartType
from scopes.tests.factories import ServiceFactory
from sla.models import Calendar, CalendarDay, Clock, ClockKind
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.services import receiving
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("D9")]
Answer, State = QuoteLine.Answer, Quote.State


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def answers(quote: Quote, word: str, *lines: QuoteLine) -> dict[int, str]:
    chosen = lines or tuple(quote.lines.all())
    return {line.pk: word for line in chosen}


def signed(quote: Quote, actor: User, told: Mapping[int, str], **wishes: Any) -> Quote:
    return quote_answers.sign(
        fresh(quote),
        version=fresh(quote).version,
        actor=actor,
        signature="Cora Lind",
        answers=told,
        wishes=wishes.get("wishes", {}),
    )


# ------------------------------------------------------------------ writing
def test_a_draft_holds_what_no_warranty_covers_at_the_orders_prices(
    job: RepairOrder, cleaning: Service, emil: User
) -> None:
    paid, silent = at_work(job, cleaning), at_work(job, ServiceFactory(code="untold"))
    at_work(job, cleaning, verdict=Verdict.IN)
    at_work(job, cleaning, state="ready")
    quote = quotes.open_quote(job, job.units.all(), actor=emil)
    assert (quote.state, quote.currency, quote.number) == (State.DRAFT, "EUR", 1)
    assert set(quote.units.values_list("unit", flat=True)) == {paid.pk, silent.pk}
    told = {line.unit_id: line.price for line in quote.lines.all()}
    assert told == {paid.pk: Decimal("40.00"), silent.pk: None}
    assert quote.total == Decimal("40.00")


def test_a_price_for_the_model_goes_before_the_general_one(
    job: RepairOrder, cleaning: Service, euro: PriceList, mona: User
) -> None:
    unit = at_work(job, cleaning)
    Price.objects.create(price_list=euro, service=cleaning, model=unit.model, amount=Decimal(55))
    quote = quotes.open_quote(job, job.units.all(), actor=mona)
    assert quote.lines.get().price == Decimal("55.00")


def test_a_device_stands_on_one_open_quote(written: Quote, mona: User) -> None:
    assert not quotes.quotable(written.order).exists()
    with pytest.raises(Refused):
        quotes.open_quote(written.order, written.order.units.all(), actor=mona)
    quotes.withdraw(written, actor=mona)
    assert quotes.open_quote(written.order, written.order.units.all(), actor=mona).number == 2


def test_without_a_price_list_no_quote_can_be_written(
    job: RepairOrder, euro: PriceList, mona: User
) -> None:
    euro.delete()
    at_work(job)
    with pytest.raises(Refused, match="price list"):
        quotes.open_quote(job, job.units.all(), actor=mona)


def test_strangers_and_customers_write_no_quotes(
    job: RepairOrder, cora: User, erna: User, fin: User, ada: User
) -> None:
    at_work(job)
    for actor in (cora, erna, fin, ada):
        with pytest.raises(PermissionDenied):
            quotes.open_quote(job, job.units.all(), actor=actor)


def test_a_quote_is_valid_for_fourteen_days_and_until_a_working_day(job: RepairOrder) -> None:
    calendar = Calendar.objects.create(name="Kunshan")
    day = warranty_day() + timedelta(days=14)
    for off in range(3):
        CalendarDay.objects.create(calendar=calendar, day=day + timedelta(days=off), working=False)
    CalendarDay.objects.create(calendar=calendar, day=day + timedelta(days=3), working=True)
    assert quotes.default_day(job) == day
    assert job.shop is not None
    job.shop.calendar = calendar
    assert quotes.default_day(job) == day + timedelta(days=3)


def test_lines_of_every_kind_are_put_on_changed_and_taken_off(written: Quote, emil: User) -> None:
    part = PartType.objects.create(code="fan", kind="fan", name_en="Fan 120 mm")
    first = written.units.order_by("pk")[0].unit_id
    fan = Wanted(part_type=part, quantity=2, price=Decimal("9.90"))
    assert quote_lines.set_line(written, fan, units=[first], version=1, actor=emil) == 1
    freight = Wanted(text="Freight", price=Decimal(15))
    assert quote_lines.set_line(written, freight, units=None, version=2, actor=emil) == 2
    dearer = Wanted(text="Freight", price=Decimal(20))
    assert quote_lines.set_line(written, dearer, units=None, version=3, actor=emil) == 2
    assert fresh(written).total == Decimal("139.80")
    assert quote_lines.remove_line(written, fan, units=None, version=4, actor=emil) == 1
    assert quote_lines.take_off(written, units=[first], version=5, actor=emil) == 1
    assert fresh(written).total == Decimal("60.00")
    back = Unit.objects.filter(pk=first)
    assert quote_lines.add_units(written, back, version=6, actor=emil) == 1
    assert fresh(written).total == Decimal("100.00")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted(), "text"),
        (Wanted(text="Freight", quantity=0), "quantity"),
        (Wanted(text="Freight", price=Decimal(-1)), "price"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_by_field(
    written: Quote, emil: User, wanted: Wanted, field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        quote_lines.set_line(written, wanted, units=None, version=1, actor=emil)
    assert list(refusal.value.message_dict) == [field]


def test_prices_change_for_all_equal_lines_at_once(written: Quote, emil: User) -> None:
    group = quote_lines.groups(written)[0]
    assert (group.count, group.amount) == (2, Decimal("80.00"))
    changed = quote_lines.set_prices(
        written, {group.pk: (1, Decimal("30.50"))}, version=1, actor=emil
    )
    assert (changed, fresh(written).total) == (2, Decimal("61.00"))
    with pytest.raises(Stale):
        quote_lines.set_prices(written, {group.pk: (1, None)}, version=1, actor=emil)


def test_keys_of_another_quote_have_no_effect(
    written: Quote, emil: User, cleaning: Service
) -> None:
    other = RepairOrderFactory(submitted=True, shop=written.order.shop, state="received")
    at_work(other, cleaning)
    theirs = quotes.open_quote(other, other.units.all(), actor=emil)
    line, unit = theirs.lines.get(), theirs.units.get()
    quote_lines.set_prices(written, {line.pk: (5, Decimal(1))}, version=1, actor=emil)
    assert quote_lines.take_off(written, units=[unit.unit_id], version=2, actor=emil) == 0
    assert fresh(line).price == Decimal("40.00")


# ------------------------------------------------------------------ sending
def test_sending_pauses_the_work_and_writes_one_letter(written: Quote, mona: User) -> None:
    waiting, early = (entry.unit for entry in written.units.order_by("pk"))
    Unit.objects.filter(pk=early.pk).update(finding="")
    now = timezone.now()
    clock(waiting, now)
    quotes.send(written, actor=mona, at=now)
    assert (fresh(waiting).state, fresh(early).state) == ("awaiting_customer", "diagnosing")
    assert Clock.objects.get(object_id=waiting.pk).paused_at is not None
    assert set(Mail.objects.values_list("event", flat=True)) == {"quote-send"}
    quotes.withdraw(fresh(written), actor=mona)
    assert fresh(waiting).state == "diagnosing"
    assert Clock.objects.get(object_id=waiting.pk).paused_at is None


def clock(unit: Unit, at: Any) -> None:
    from django.contrib.contenttypes.models import ContentType

    Clock.objects.create(
        kind=ClockKind.REPAIR,
        content_type=ContentType.objects.get_for_model(Unit),
        object_id=unit.pk,
        started_at=at,
        due_at=at + timedelta(days=5),
        warn_at=at + timedelta(days=4),
    )


def test_what_is_not_complete_is_not_sent(job: RepairOrder, mona: User, emil: User) -> None:
    at_work(job, ServiceFactory(code="untold"))
    quote = quotes.open_quote(job, job.units.all(), actor=mona)
    with pytest.raises(Refused, match="no price"):
        quotes.send(quote, actor=mona)
    quote_lines.take_off(
        quote, units=quote.units.values_list("unit", flat=True), version=1, actor=mona
    )
    with pytest.raises(Refused, match="nothing on the quote"):
        quotes.send(quote, actor=mona)
    with pytest.raises(PermissionDenied):
        quotes.send(quote, actor=emil)


@pytest.mark.parametrize("wrong", ["nothing", "no price", "no line", "late", ""])
def test_the_guards_say_the_same_to_a_row_and_to_the_database(written: Quote, wrong: str) -> None:
    lines = written.lines.order_by("pk")
    if wrong == "nothing":
        lines.delete()
    elif wrong == "no price":
        lines.update(price=None)
    elif wrong == "no line":
        lines[0].delete()
    elif wrong == "late":
        Quote.objects.filter(pk=written.pk).update(valid_until=warranty_day() - timedelta(days=1))
    quote = fresh(written)
    told = list(Step(Quote, "send").why_not(quote))
    assert quote_sums.why_not_send(quote) == told
    assert bool(told) is bool(wrong)


def test_a_sent_quote_is_not_changed(sent: Quote, mona: User) -> None:
    with pytest.raises(Refused):
        quote_lines.set_line(sent, Wanted(text="More"), units=None, version=1, actor=mona)
    with pytest.raises(Refused):
        quotes.set_details(sent, version=1, actor=mona, valid_until=warranty_day(), note="")


# ------------------------------------------------------------------ the answer
def test_an_accepted_quote_is_signed_and_the_work_goes_on(sent: Quote, cora: User) -> None:
    done = signed(sent, cora, answers(sent, Answer.ACCEPTED))
    assert (done.state, done.signature, done.answered_by) == (State.ACCEPTED, "Cora Lind", cora)
    assert set(sent.order.units.values_list("state", flat=True)) == {"diagnosing"}
    assert not QuoteUnit.objects.filter(open=True).exists()
    assert Entry.objects.of(done).get(verb="accept").actor == cora


def test_a_part_may_be_declined_and_declined_devices_go_back_or_are_scrapped(
    sent: Quote, cora: User, mona: User
) -> None:
    extra = at_work(sent.order)
    one, two = sent.lines.order_by("pk")
    told = {one.pk: Answer.ACCEPTED, two.pk: Answer.DECLINED}
    done = signed(sent, cora, told, wishes={two.unit_id: "scrap", extra.pk: "scrap"})
    assert done.state == State.ACCEPTED
    kept, gone = fresh(one.unit), fresh(two.unit)
    assert (kept.exit_reason, kept.scrap_agreed_at) == ("", None)
    assert gone.exit_reason == "The quote was declined."
    assert gone.scrap_agreed_by == cora
    assert fresh(extra).scrap_agreed_at is None
    assert Entry.objects.of(gone).get(verb="scrap_agreed").note == done.reference


def test_a_quote_of_which_nothing_is_wanted_is_declined(sent: Quote, cora: User) -> None:
    done = signed(sent, cora, answers(sent, Answer.DECLINED))
    assert done.state == State.DECLINED
    units = sent.order.units.all()
    assert {unit.exit_reason for unit in units} == {"The quote was declined."}
    assert {unit.scrap_agreed_at for unit in units} == {None}


def test_what_was_accepted_is_not_asked_again(sent: Quote, cora: User, mona: User) -> None:
    one, two = sent.lines.order_by("pk")
    told = {one.pk: Answer.ACCEPTED, two.pk: Answer.DECLINED}
    signed(sent, cora, told, wishes={two.unit_id: "scrap"})
    again = quotes.open_quote(sent.order, sent.order.units.all(), actor=mona)
    assert list(again.units.values_list("unit", flat=True)) == [one.unit_id]
    assert not again.lines.exists()


def test_every_line_is_answered_and_the_answer_is_signed(sent: Quote, cora: User) -> None:
    line = sent.lines.get(pk=sent.lines.order_by("pk").values("pk")[:1])
    with pytest.raises(Refused, match="every line"):
        signed(sent, cora, answers(sent, Answer.ACCEPTED, line))
    with pytest.raises(ValidationError):
        quote_answers.sign(sent, version=1, actor=cora, signature="  ", answers={}, wishes={})
    assert set(sent.lines.values_list("answer", flat=True)) == {""}


def test_answers_are_thought_over_before_they_are_signed(
    sent: Quote, cora: User, colin: User
) -> None:
    quote_answers.mark_all(sent, Answer.ACCEPTED, version=1, actor=cora)
    line = sent.lines.first()
    quote_answers.save(sent, version=2, actor=colin, answers={line.pk: Answer.DECLINED}, wishes={})
    with pytest.raises(Stale):
        quote_answers.sign(sent, version=2, actor=cora, signature="Cora", answers={}, wishes={})
    done = signed(sent, cora, {})
    assert done.state == State.ACCEPTED
    assert fresh(line).answer == Answer.DECLINED


def test_an_answer_is_final(sent: Quote, cora: User, mona: User) -> None:
    signed(sent, cora, answers(sent, Answer.ACCEPTED))
    again: list[Callable[[], Any]] = [
        lambda: signed(sent, cora, answers(sent, Answer.DECLINED)),
        lambda: quote_answers.save(sent, version=1, actor=cora, answers={}, wishes={}),
        lambda: quotes.withdraw(sent, actor=mona),
        lambda: quotes.send(sent, actor=mona),
    ]
    for attempt in again:
        with pytest.raises(Refused):
            attempt()
    assert fresh(sent).state == State.ACCEPTED


def test_nobody_answers_for_the_customer(
    sent: Quote, otto: User, agnes: User, mona: User, ada: User
) -> None:
    for actor in (otto, agnes, mona, ada):
        with pytest.raises(PermissionDenied):
            signed(sent, actor, answers(sent, Answer.ACCEPTED))


def test_after_the_last_day_it_is_too_late(sent: Quote, cora: User) -> None:
    Quote.objects.filter(pk=sent.pk).update(valid_until=warranty_day() - timedelta(days=1))
    with pytest.raises(Refused, match="last day"):
        signed(sent, cora, answers(sent, Answer.ACCEPTED))


# ------------------------------------------------------------------ the clock
def test_reminders_go_out_after_three_and_seven_days_once_each(sent: Quote) -> None:
    def at(days: int) -> None:
        Quote.objects.filter(pk=sent.pk).update(sent_at=timezone.now() - timedelta(days=days))

    at(2)
    assert remind_of_quotes() == 0
    at(3)
    assert (remind_of_quotes(), remind_of_quotes()) == (1, 0)
    at(8)
    assert (remind_of_quotes(), remind_of_quotes()) == (1, 0)
    assert Mail.objects.filter(event="quote-reminded").count() == 2


def test_a_quote_that_nobody_answered_expires_and_staff_hear_of_it(
    sent: Quote, cora: User, mona: User
) -> None:
    quote_answers.mark_all(sent, Answer.ACCEPTED, version=1, actor=cora)
    assert expire_quotes() == 0
    Quote.objects.filter(pk=sent.pk).update(valid_until=warranty_day() - timedelta(days=1))
    assert (expire_quotes(), expire_quotes()) == (1, 0)
    assert fresh(sent).state == State.EXPIRED
    units = sent.order.units.all()
    assert {unit.exit_reason for unit in units} == {"The quote expired."}
    assert {unit.state for unit in units} == {"diagnosing"}
    assert Mail.objects.get(event="quote-expire-staff").recipient == mona.email
    key = (units[0].pk, "service", sent.lines.first().service_id)
    assert key in quotes.declined([units[0].pk])


# ------------------------------------------------------------------ for invoices
def test_invoices_learn_what_was_agreed_and_what_was_declined(
    written: Quote, cleaning: Service, mona: User, cora: User
) -> None:
    quote_lines.set_line(
        written, Wanted(text="Freight", price=Decimal("12.50")), units=None, version=1, actor=mona
    )
    quotes.send(written, actor=mona)
    one, two = (entry.unit_id for entry in written.units.order_by("pk"))
    assert quotes.agreed([one, two]) == {}
    told = {line.pk: Answer.ACCEPTED for line in written.lines.filter(unit=one)}
    told |= {line.pk: Answer.DECLINED for line in written.lines.filter(unit=two)}
    signed(written, cora, told)
    assert quotes.agreed([one, two]) == {(one, "service", cleaning.pk): Decimal("40.00")}
    assert quotes.declined([one, two]) == {(two, "service", cleaning.pk)}
    assert [(unit, text, amount) for unit, _pk, text, amount in quotes.extras([one, two])] == [
        (one, "Freight", Decimal("12.50"))
    ]
    again = quotes.open_quote(written.order, Unit.objects.filter(pk=two), actor=mona)
    quotes.send(again, actor=mona)
    signed(again, cora, answers(again, Answer.ACCEPTED))
    assert quotes.declined([one, two]) == set()


# ------------------------------------------------------------------ who sees what, and how many
def test_a_customer_sees_a_quote_once_it_was_sent(
    written: Quote, cora: User, otto: User, emil: User, erna: User, fin: User, mona: User
) -> None:
    def seen() -> list[int]:
        people = (cora, otto, emil, erna, fin)
        return [Quote.objects.visible_to(user).count() for user in people]

    assert seen() == [0, 0, 1, 0, 0]
    quotes.send(written, actor=mona)
    assert seen() == [1, 0, 1, 0, 0]


def test_thousands_of_devices_cost_as_many_statements_as_one(
    cora: User, kunshan: Any, cleaning: Service, mona: User, euro: PriceList
) -> None:
    counts = {}
    for number in (1, 5000):
        job = RepairOrderFactory(
            submitted=True,
            shop=kunshan,
            customer=cora.customer,
            counselling=CounsellingFactory(converted=True, customer=cora.customer),
            state="received",
        )
        fields = {"state": "diagnosing", "finding": "Water.", "verdict": Verdict.OUT}
        units = Unit.objects.bulk_create(
            Unit(order=job, sn=f"M{number}X{n:05d}", **fields) for n in range(number)
        )
        UnitService.objects.bulk_create(UnitService(unit=unit, service=cleaning) for unit in units)
        with CaptureQueriesContext(connection) as asked:
            quote = quotes.open_quote(job, job.units.all(), actor=mona)
            quotes.send(quote, actor=mona)
            quote_answers.mark_all(fresh(quote), Answer.DECLINED, version=1, actor=cora)
            signed(fresh(quote), cora, {})
        counts[number] = len(asked)
        assert quote.lines.count() == number
    assert counts[5000] <= counts[1] + 4


def test_an_unexpected_device_is_quoted_like_the_others(job: RepairOrder, emil: User) -> None:
    unit = receiving.add_unexpected(job, "ZZ11110001", actor=emil)
    assert list(quotes.quotable(job)) == [unit]
