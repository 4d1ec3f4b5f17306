"""How a score reads in a terminal: figures beside their targets, a line a language and scenario, mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alert_relay.cli.base import aligned, say

_SHOWN: Final = 25
_TEXT: Final = 70


def put_figures(found: Mapping[str, Any]) -> None:
    """The figures, over all and by language; nothing of any message."""
    say("")
    _put_overall(found["figures"])
    _put_parts("By language", "language", found["languages"])


def put_score(found: Mapping[str, Any]) -> None:
    """All tables."""
    put_figures(found)
    _put_parts("By scenario", "scenario", found["scenarios"])
    _put_mistakes(found["mistakes"])


def _put_overall(figures: Mapping[str, Any]) -> None:
    from services.router.scoring.targets import rows

    title = f"{figures['messages']} messages of {figures['incidents']} incidents"
    shown = [(row.name, row.shown, row.target, _word(met=row.met)) for row in rows(figures)]
    aligned(title, ("figure", "value", "target", ""), shown)


def _word(*, met: bool | None) -> str:
    """Nothing is said of a figure that has no target."""
    return {True: "met", False: "NOT MET", None: ""}[met]


def _put_parts(title: str, name: str, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """One line each; what misses its target has a mark."""
    from services.router.scoring.targets import BRIEF, brief

    say("")
    lines = [
        (part, figures["messages"], figures["incidents"], *(_cell(row) for row in brief(figures)))
        for part, figures in parts.items()
    ]
    aligned(f"{title} (! misses its target)", (name, "msgs", "inc", *BRIEF.values()), lines)


def _cell(row: Any) -> str:
    """The mark has a column of its own, so that figures stand under each other."""
    return f"{row.shown.replace(' ', '')}{'!' if row.met is False else ' '}"


def _put_mistakes(mistakes: Sequence[Mapping[str, Any]]) -> None:
    say("")
    if not mistakes:
        say("No mistakes.")
        return
    say(f"The worst of {len(mistakes)} mistakes")
    for mistake in mistakes[:_SHOWN]:
        text = mistake["text"] if len(mistake["text"]) <= _TEXT else mistake["text"][: _TEXT - 1] + "…"
        say(f"{mistake['id']}  {mistake['mistake'].upper()}: {mistake['happened']} ({mistake['reason']})")
        say(f"    should {mistake['should']}")
        say(f"    “{text}”")
    if len(mistakes) > _SHOWN:
        say(f"… and {len(mistakes) - _SHOWN} more: --json or --html shows all.")
