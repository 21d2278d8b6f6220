"""The import as a whole: pages, job, what is written and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from devices.imports import write
from devices.imports.work import KIND
from devices.models import Device
from devices.tests.factories import DeviceFactory, ProductModelFactory
from history.models import Entry
from jobs import services, tasks
from jobs.models import Job

URL = "/devices/import/"
HEADER = "sn,model,shipped_on,warranty_until,customer\n"
GOOD = "1H0001,D1,2026-03-07,2027-03-07,cora@example.com\n1H-0002,d1,,2027-03-07,\n"
BAD = "1H0003,Nobody,,2027-03-07,\n1H0001,D1,,2027-03-07,\n1H0005,D1,,2027-03-07,x@y.z\n"
Run = Callable[..., Job]


@pytest.fixture
def run(client: Client, ada: User, cora: User, django_capture_on_commit_callbacks: Any) -> Run:
    """Send a file on the page as Ada and let the worker work; the finished job."""
    ProductModelFactory(name="D1")
    client.force_login(ada)

    def send(
        content: str | bytes, *, name: str = "d.csv", action: str = "import", **more: Any
    ) -> Job:
        raw = content.encode() if isinstance(content, str) else content
        data = {"file": SimpleUploadedFile(name, raw), "action": action, "keep": "good", **more}
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(URL, data)
        assert response.status_code == 303, response.content.decode()
        job = Job.objects.latest("pk")
        assert response["Location"] == reverse("jobs:job", args=[job.token])
        return job

    return send


@pytest.mark.parametrize("role", Role)
def test_only_administrators_import(client: Client, role: Role, ada: User) -> None:
    client.force_login(UserFactory(role=role))
    expected = 200 if role == Role.ADMIN else 403
    job = Job.objects.create(kind=KIND, started_by=ada, source="x")
    again = reverse("devices:import-again", args=[job.token])
    assert client.get(URL).status_code == expected
    assert client.get(reverse("devices:import-template")).status_code == expected
    assert client.post(URL).status_code == (422 if role == Role.ADMIN else 403)
    assert client.post(again).status_code == (303 if role == Role.ADMIN else 403)


def test_good_rows_are_written_with_model_dates_and_customer(run: Run, cora: User) -> None:
    job = run(HEADER + GOOD)
    assert (job.state, job.counts) == (Job.State.DONE, {"created": 2, "changed": 0, "unchanged": 0})
    first, second = Device.objects.order_by("sn")
    assert (first.sn, first.customer, first.shipped_on) == (
        "1H0001",
        cora.customer,
        date(2026, 3, 7),
    )
    assert (second.sn, second.customer, second.warranty_until) == ("1H0002", None, date(2027, 3, 7))
    assert not job.result


def test_the_same_file_again_changes_nothing(run: Run) -> None:
    run(HEADER + GOOD)
    stamps = list(Device.objects.values_list("imported_at", flat=True))
    job = run(HEADER + GOOD)
    assert job.counts == {"created": 0, "changed": 0, "unchanged": 2}
    assert list(Device.objects.values_list("imported_at", flat=True)) == stamps
    assert not Entry.objects.exists()


def test_a_changed_row_is_written_with_before_and_after(run: Run) -> None:
    run(HEADER + GOOD)
    job = run(HEADER + "1H0001,D1,,2028-03-07,\n1H0002,D1,,2027-03-07,\n")
    assert job.counts == {"created": 0, "changed": 1, "unchanged": 1}
    device = Device.objects.get(sn="1H0001")
    assert device.warranty_until == date(2028, 3, 7)
    assert device.shipped_on == date(2026, 3, 7)  # an empty cell takes nothing away
    assert device.customer is not None
    entry = Entry.objects.get()
    assert (entry.verb, entry.internal, entry.object_id) == ("imported", True, device.pk)
    assert entry.data == {
        "job": job.token,
        "before": {"warranty_until": "2027-03-07"},
        "after": {"warranty_until": "2028-03-07"},
    }


def test_bad_rows_are_reported_by_line_and_good_ones_kept(run: Run) -> None:
    job = run(HEADER + GOOD + BAD)
    assert [(line, sn) for line, sn, _reason in job.problems] == [
        (4, "1H0003"),
        (5, "1H0001"),
        (6, "1H0005"),
    ]
    reasons = [reason for _line, _sn, reason in job.problems]
    assert "Nobody" in reasons[0]
    assert "line 2" in reasons[1]
    assert "x@y.z" in reasons[2]
    assert Device.objects.count() == 2
    assert job.counts["bad"] == job.problem_count == 3
    with job.result.open() as sheet:
        assert len(sheet.read().decode("utf-8-sig").splitlines()) == 4


def test_all_or_nothing_refuses_all(run: Run) -> None:
    job = run(HEADER + GOOD + BAD, keep="all")
    assert not Device.objects.exists()
    assert job.problem_count == 3
    assert "Nothing was imported" in job.message
    job = run(HEADER + GOOD, keep="all")
    assert (job.counts["created"], Device.objects.count()) == (2, 2)


def test_a_check_writes_nothing_and_counts_what_would_happen(run: Run) -> None:
    run(HEADER + GOOD)
    more = "1H0009,D1,,2027-03-07,\n1H0002,D1,,2029-03-07,\n"
    with CaptureQueriesContext(connection) as seen:
        job = run(HEADER + "1H0001,D1,,2027-03-07,\n" + more + BAD[:27], action="check")
    assert job.counts == {"created": 1, "changed": 1, "unchanged": 1, "bad": 1}
    assert Device.objects.count() == 2
    assert not Entry.objects.exists()
    written = [q["sql"] for q in seen if "devices_device" in q["sql"] and "SELECT" not in q["sql"]]
    assert written == []


def test_after_the_check_the_stored_file_is_imported(
    run: Run, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    checked = run(HEADER + GOOD + BAD, action="check")
    page = client.get(reverse("jobs:job", args=[checked.token])).content.decode()
    assert "Import 2 devices" in page
    with django_capture_on_commit_callbacks(execute=True):
        again = client.post(reverse("devices:import-again", args=[checked.token]), {"keep": "good"})
    assert again.status_code == 303
    job = Job.objects.latest("pk")
    assert job.source.name == checked.source.name
    assert (job.counts["created"], Device.objects.count()) == (2, 2)


def test_the_form_counts_once(client: Client, ada: User) -> None:
    ProductModelFactory(name="D1")
    client.force_login(ada)
    answers = []
    for _time in range(2):
        file = SimpleUploadedFile("d.csv", (HEADER + GOOD).encode())
        data = {"file": file, "keep": "good", "action": "check", "form_key": "k"}
        answers.append(client.post(URL, data)["Location"])
    assert answers[0] == answers[1]
    assert Job.objects.count() == 1


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig"])
def test_chinese_files_are_understood(run: Run, encoding: str) -> None:
    ProductModelFactory(name="阿瓦隆")
    content = "设备SN码;型号;发货日期;保修月数\n1H0001;阿瓦隆;2026年3月7日;12\n"
    assert run(content.encode(encoding)).counts["created"] == 1
    assert Device.objects.get().warranty_until == date(2027, 3, 7)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7 anything", "neither a CSV nor an Excel"),
        (b"name,amount\n1,2\n", "Missing: sn, model, warranty_until"),
    ],
)
def test_a_wrong_file_ends_the_job_with_its_reason(run: Run, content: bytes, word: str) -> None:
    job = run(content, name="devices.csv")
    assert job.state == Job.State.FAILED
    assert word in job.message


def test_an_empty_file_or_none_is_refused_on_the_page(client: Client, ada: User) -> None:
    client.force_login(ada)
    for file in (SimpleUploadedFile("d.csv", b""), ""):
        response = client.post(URL, {"file": file, "keep": "good"})
        assert response.status_code == 422
    assert not Job.objects.exists()


def test_the_template_can_be_imported_as_it_is(run: Run, client: Client) -> None:
    ProductModelFactory(name="VolcMiner D1 Mini Pre")
    CustomerFactory(email="Buyer@Example.com")
    template = b"".join(client.get(reverse("devices:import-template")))
    assert run(template).counts == {"created": 2, "changed": 0, "unchanged": 0}


def test_an_interrupted_import_is_resumed_without_doubles(
    run: Run, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The worker dies after the first batch; the sweep starts again and finishes."""
    monkeypatch.setattr(write, "BATCH", 10)
    rows = "".join(f"1H{n:04d},D1,,2027-03-07,\n" for n in range(35))
    real = write.write
    written: list[write.Batch] = []

    class Killed(BaseException):
        pass

    def dies(batch: write.Batch, **more: Any) -> None:
        if written:
            raise Killed
        written.append(batch)
        real(batch, **more)

    monkeypatch.setattr("devices.imports.work.write", dies)
    with pytest.raises(Killed):
        run(HEADER + rows)
    job = Job.objects.get()
    assert (job.state, Device.objects.count()) == (Job.State.RUNNING, 10)
    monkeypatch.setattr("devices.imports.work.write", real)
    tasks.resume_jobs()
    assert Job.objects.get().attempts == 1  # its worker may still live
    Job.objects.update(alive_at=timezone.now() - services.DEAD_AFTER * 2)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.resume_jobs()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)
    assert job.counts == {"created": 25, "changed": 0, "unchanged": 10}
    assert Device.objects.count() == 35


def test_a_batch_costs_the_same_however_many_rows_it_has(ada: User) -> None:
    """Apart from SQLite's limit of parameters per statement, which splits long inserts."""
    model, customer = ProductModelFactory(), CustomerFactory()
    DeviceFactory.create_batch(40, model=model)
    ContentType.objects.get_for_model(Device)  # learnt once per process
    costs = []
    for take in (2, 20):
        batch = write.Batch()
        for device in Device.objects.order_by("sn")[:take]:
            batch.devices.append(
                Device(
                    sn=device.sn,
                    model=model,
                    warranty_until=date(2030, 1, take),
                    customer=customer,
                )
            )
        batch.devices.append(Device(sn=f"NEW{take}", model=model, warranty_until=date(2030, 1, 1)))
        with CaptureQueriesContext(connection) as seen:
            write.write(batch, actor=ada, job="t")
        costs.append(len(seen))
        assert len(batch.changed) == take
    assert costs[0] == costs[1]


def test_two_customers_with_one_address_are_not_guessed_between(run: Run) -> None:
    CustomerFactory(email="twice@example.com")
    CustomerFactory(email="TWICE@example.com")
    job = run(HEADER + "1H0001,D1,,2027-03-07,twice@example.com\n")
    assert "More than one customer" in job.problems[0][2]


def test_the_problem_file_opens_in_excel_without_formulas(run: Run) -> None:
    job = run(HEADER + '"=HYPERLINK(""http://x"")",D1,,2027-03-07,\n')
    with job.result.open() as sheet:
        assert "'=HYPERLINK" in sheet.read().decode("utf-8-sig")


def test_an_excel_file_is_imported(run: Run) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["SN", "Model", "Warranty until"])
    book.active.append(["1H0001", "D1", date(2027, 3, 7)])
    held = BytesIO()
    book.save(held)
    assert load_workbook(BytesIO(held.getvalue())).active.max_row == 2
    assert run(held.getvalue(), name="d.xlsx").counts["created"] == 1


def test_progress_reaches_the_number_of_rows(run: Run) -> None:
    job = run(HEADER + GOOD + BAD)
    assert (job.done, job.total, job.percent) == (5, 5, 100)
