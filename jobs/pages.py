"""What a job's page says, in words."""

from __future__ import annotations

from typing import Any

from jobs.kinds import Kind, kind_of
from jobs.models import Job


def job_context(job: Job) -> dict[str, Any]:
    """Name of the work, its figures in the order of its kind, and the name of its file."""
    try:
        known = kind_of(job.kind)
    except LookupError:
        return {"title": job.kind, "figures": [], "result_label": ""}
    return {
        "title": known.label,
        "figures": figures(job, known),
        "result_label": known.result_label,
    }


def figures(job: Job, known: Kind) -> list[dict[str, Any]]:
    """Only what was counted; a figure whose word nobody gave keeps its own name."""
    names = [*known.counts, *(name for name in job.counts if name not in known.counts)]
    return [
        {"label": known.counts.get(name, name), "value": job.counts[name]}
        for name in names
        if name in job.counts
    ]
