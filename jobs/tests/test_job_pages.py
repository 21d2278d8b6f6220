"""Who sees which job, and what its page says."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import UserFactory
from jobs.models import Job
from jobs.tests.factories import JobFactory


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_their_own_jobs_only(client: Client, role: Role, agnes: User) -> None:
    person = UserFactory(role=role)
    own, foreign = JobFactory(started_by=person), JobFactory(started_by=agnes)
    client.force_login(person)
    listed = client.get(reverse("jobs:job-list")).content.decode()
    assert own.token in listed
    assert (foreign.token in listed) is (role == Role.ADMIN)
    assert client.get(reverse("jobs:job", args=[own.token])).status_code == 200
    expected = 200 if role == Role.ADMIN else 404
    assert client.get(reverse("jobs:job", args=[foreign.token])).status_code == expected
    assert client.get(reverse("jobs:job-result", args=[foreign.token])).status_code == 404


def test_a_visitor_signs_in_first(client: Client, agnes: User) -> None:
    job = JobFactory(started_by=agnes)
    for name, args in [("job-list", []), ("job", [job.token]), ("job-result", [job.token])]:
        assert client.get(reverse(f"jobs:{name}", args=args)).status_code == 302


def test_a_running_job_asks_for_itself_and_a_finished_one_stops(
    client: Client, agnes: User
) -> None:
    job = JobFactory(started_by=agnes, state=Job.State.RUNNING, done=30, total=100)
    client.force_login(agnes)
    page = client.get(reverse("jobs:job", args=[job.token])).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert 'http-equiv="refresh"' in page
    assert "30 of 100 rows" in page
    Job.objects.update(state=Job.State.DONE, message="All well.")
    response = client.get(reverse("jobs:job", args=[job.token]), headers={"HX-Request": "true"})
    part = response.content.decode()
    assert "HX-Request" in response["Vary"]
    assert "<html" not in part
    assert "hx-trigger" not in part
    assert "All well." in part


def test_the_result_is_a_download(client: Client, agnes: User) -> None:
    job = JobFactory(started_by=agnes, state=Job.State.DONE)
    job.result.save(f"jobs/{job.token}/problems.csv", ContentFile(b"Line\n"))
    client.force_login(agnes)
    response = client.get(reverse("jobs:job-result", args=[job.token]))
    assert b"".join(response) == b"Line\n"
    assert response["Content-Disposition"] == 'attachment; filename="tests-work-problems.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_what_somebody_wrote_into_a_file_is_shown_as_text(client: Client, agnes: User) -> None:
    job = JobFactory(
        started_by=agnes,
        state=Job.State.DONE,
        problems=[[2, "<script>x</script>", "no <b>good</b>"]],
        problem_count=1,
    )
    client.force_login(agnes)
    page = client.get(reverse("jobs:job", args=[job.token])).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_the_list_costs_the_same_at_one_row_and_at_eight(client: Client, agnes: User) -> None:
    client.force_login(agnes)
    client.get(reverse("jobs:job-list"))  # fills the cache of the shell
    costs = []
    for number in (1, 7):
        JobFactory.create_batch(number, started_by=agnes)
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("jobs:job-list"))
        costs.append(len(seen))
    assert costs[0] == costs[1]
