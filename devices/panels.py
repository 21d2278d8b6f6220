"""What devices show on pages of lower floors: the next step below a checked import."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.roles import Role
from core.panels import panel
from devices.imports.work import KIND
from jobs.models import Job


def register() -> None:
    panel(Job, "devices/_import_actions.html", place="actions")(fill_import_actions)


def fill_import_actions(job: Job, user: User) -> dict[str, Any] | None:
    """Below the report of an import: write what was checked, without sending the file again."""
    if job.kind != KIND or user.role != Role.ADMIN or not job.finished or not job.source:
        return None
    checked = job.state == Job.State.DONE and bool(job.parameters.get("check"))
    good = job.counts.get("created", 0) + job.counts.get("changed", 0)
    return {"job": job, "checked": checked, "good": good, "bad": job.problem_count}
