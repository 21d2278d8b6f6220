"""The import as long work: check only, or check and write (see jobs.kinds)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from devices.imports.rows import Table
from devices.imports.write import Reader, compare, tally, write
from jobs.kinds import kind
from jobs.progress import Progress

KIND = "devices.import"
COUNTS = {
    "created": gettext_lazy("New devices"),
    "changed": gettext_lazy("Changed devices"),
    "unchanged": gettext_lazy("Already as in the file"),
    "bad": gettext_lazy("Rows with a problem"),
}


@kind(
    KIND,
    gettext_lazy("Import of devices"),
    counts=COUNTS,
    result_label=gettext_lazy("Download all problems (CSV)"),
)
def import_devices(progress: Progress) -> None:
    """Read the source and do what `parameters` say; every bad row is reported with its line.

    `check`: write nothing, count what would happen. `keep="all"`: write nothing unless every row
    is good. Started again from the beginning it writes only what is still missing. Raises Unfit.
    """
    check, whole = bool(progress.parameters.get("check")), progress.parameters.get("keep") == "all"
    with progress.source_file() as path:
        table = Table(path)
        rows = sum(1 for _row in table)
        progress.of(rows * (2 if whole and not check else 1))
        with progress.problem_sheet():
            if check or whole:
                _only_look(table, progress, count=check)
            if not check and not (whole and progress.problem_count):
                _write(table, progress, report=not whole)
    if progress.problem_count:
        progress.counts["bad"] = progress.problem_count
    progress.message = _summary(progress, check=check, whole=whole, unused=table.unused)


def _only_look(table: Table, progress: Progress, *, count: bool) -> None:
    for batch in Reader(table, progress).batches():
        if count:
            compare(batch)
            tally(progress, [batch])


def _write(table: Table, progress: Progress, *, report: bool) -> None:
    for batch in Reader(table, progress, report=report).batches():
        write(batch, actor=progress.job.started_by, job=progress.job.token)
        tally(progress, [batch])


def _summary(progress: Progress, *, check: bool, whole: bool, unused: list[str]) -> str:
    """What happened, in one or two sentences."""
    changes = progress.counts.get("created", 0) + progress.counts.get("changed", 0)
    if check:
        said = ngettext(
            "Checked, nothing was written. The import would write %(count)s device.",
            "Checked, nothing was written. The import would write %(count)s devices.",
            changes,
        ) % {"count": changes}
    elif whole and progress.problem_count:
        said = _("Nothing was imported, because some rows have problems.")
    else:
        said = ngettext(
            "%(count)s device was written.", "%(count)s devices were written.", changes
        ) % {"count": changes}
    if unused:
        said += " " + _("Columns not used: %(names)s.") % {"names": ", ".join(unused)}
    return said
