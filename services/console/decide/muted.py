"""Which reports of an incident come from what a group has muted: a sender, or copied words. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from services.console.decide.alike import Fold
from services.console.decide.draft import Document


def muted_reports(folds: Iterable[Fold], mutes: Sequence[Document]) -> dict[str, Document]:
    """The mute by report: of its sender, whichever report it was set at, or of the words that it repeats."""
    found: dict[str, Document] = {}
    for fold in folds if mutes else ():
        reports = (fold.first, *fold.copies)
        names = {report["report_id"] for report in reports}
        for report in reports:
            for mute in mutes:
                if _covers(mute, report, names):
                    found.setdefault(report["report_id"], mute)
    return found


def all_muted(incident: Document, folds: Iterable[Fold], muted: Mapping[str, Document]) -> bool:
    """Whether nothing else than what is muted supports it: none of ours saw it, and every report is muted."""
    reports = [report["report_id"] for fold in folds for report in (fold.first, *fold.copies)]
    whole = len(reports) == incident.get("reports", 0) and not incident.get("seen")
    return bool(reports) and whole and all(report in muted for report in reports)


def _covers(mute: Document, report: Document, alike: set[str]) -> bool:
    if mute["what"] == "text":
        return mute["report_id"] in alike
    sender = report.get("sender")
    return mute["report_id"] == report["report_id"] or (sender is not None and sender == mute.get("sender"))
