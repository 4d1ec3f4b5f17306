"""The corpus once more, with its scenarios laid over each other.

Most stories of a corpus happen alone on their day, as most raids do. What tells two raids of one hour apart
is learned from days on which several stories run at once: every third scenario, by its beginning, is
moved to the day of the first of each three, at its own hours.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.router.scoring.truth import CorpusLine
from shared.contracts.reports import ReportReceived

_AT_ONCE: Final = 3


def overlapping(
    lines: Mapping[str, CorpusLine], reports: Sequence[ReportReceived]
) -> tuple[dict[str, CorpusLine], list[ReportReceived]]:
    """The same lines and reports, moved; in time order. `reports` are in time order."""
    shifts = _shifts(lines, reports)
    moved = {
        name: line.model_copy(update={"at": line.at + shifts[line.scenario]}) for name, line in lines.items()
    }
    later = [r.model_copy(update={"at": moved[r.report_id].at}) for r in reports]
    return moved, sorted(later, key=lambda r: r.at)


def _shifts(lines: Mapping[str, CorpusLine], reports: Sequence[ReportReceived]) -> dict[str, timedelta]:
    """Whole days by which each scenario is moved."""
    begins: dict[str, datetime] = {}
    for report in reports:
        begins.setdefault(lines[report.report_id].scenario, report.at)
    names = list(begins)
    shifts: dict[str, timedelta] = {}
    for start in range(0, len(names), _AT_ONCE):
        first = begins[names[start]].date()
        for name in names[start : start + _AT_ONCE]:
            shifts[name] = timedelta(days=(first - begins[name].date()).days)
    return shifts
