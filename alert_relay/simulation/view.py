"""The live view: reports on the left, what the relay made of them on the right."""

from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alert_relay.simulation.outcome import states_of
from alert_relay.simulation.play import Progress

_LAST: Final = 12
_NOTES: Final = 4


def view(progress: Progress) -> RenderableType:
    """The whole screen."""
    columns = Table.grid(expand=True, padding=(0, 1))
    columns.add_column(ratio=1)
    columns.add_column(ratio=1)
    columns.add_row(
        Panel(_reports(progress), title="reports"), Panel(_incidents(progress), title="incidents")
    )
    deliveries = Panel(_deliveries(progress), title="delivered, as the postbox counts")
    return Group(columns, deliveries, Text("\n".join(progress.notes[-_NOTES:]), style="dim"))


def _reports(progress: Progress) -> RenderableType:
    shown = Table.grid(padding=(0, 1))
    for said, _ in progress.sent[-_LAST:]:
        hours, minutes = divmod(int(said.t) // 60, 60)
        shown.add_row(
            Text(f"{hours}:{minutes:02d}", style="dim"),
            Text(said.via, style="cyan"),
            Text(said.text, no_wrap=True, overflow="ellipsis"),
        )
    counted = Text(f"{len(progress.sent)} accepted, step {progress.done} of {progress.steps}", style="bold")
    return Group(shown, counted)


def _incidents(progress: Progress) -> RenderableType:
    shown = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    for column in ("code", "where", "told", "reports", "passed"):
        shown.add_column(column, overflow="fold")
    for incident in progress.picture.incidents:
        reports = incident.get("reports")
        shown.add_row(
            Text(str(incident.get("code")), style="bold"),
            Text(str((incident.get("place") or {}).get("label", "?"))),
            Text(", ".join(str(g["group"]) for g in incident.get("groups") or ())),
            Text(str(len(reports) if isinstance(reports, list) else reports)),
            Text(" → ".join(states_of(incident))),
        )
    return shown


def _deliveries(progress: Progress) -> RenderableType:
    picture = progress.picture
    parts = [
        f"{kind} to {audience} {n}" for kind, by in picture.deliveries().items() for audience, n in by.items()
    ]
    under_way = f"under way {picture.lost()}, copies {picture.duplicates()}"
    return Text("   ".join([*parts, under_way]))
