"""What a group's people want to be spared: mutes by group, and flood mode. Pure."""

from collections.abc import Iterable

from services.console.decide.draft import Draft
from shared.contracts.incidents import FloodSet, MuteLifted, MuteSet


def needs(draft: Draft, event: MuteSet | MuteLifted) -> Iterable[str]:
    """The mute, and the report that it was set at with where that lies."""
    yield f"mute:{event.mute_id}"
    if isinstance(event, MuteSet):
        yield from (f"report:{event.report_id}", f"held:{event.report_id}")
        if incident := (draft.get(f"report:{event.report_id}") or {}).get("incident"):
            yield f"incident:{incident}"


def needs_of_flood(_draft: Draft, event: FloodSet) -> Iterable[str]:
    """The group's flood mode."""
    yield f"flood:{event.group}"


def muted(draft: Draft, event: MuteSet, _place: float) -> None:
    """Somebody muted a sender or words, for this group, until then."""
    facts = event.model_dump(
        mode="json", include={"mute_id", "group", "member", "report_id", "what", "reason"}
    )
    times = {"at": event.at.isoformat(), "until": event.until.isoformat()}
    report = draft.get(f"report:{event.report_id}") or {}
    where = draft.get(f"held:{event.report_id}") or draft.get(f"incident:{report.get('incident')}") or {}
    of = {"sender": report.get("sender"), "drill": bool(where.get("drill"))}
    draft.put(f"mute:{event.mute_id}", {**facts, **times, **of})
    draft.score(f"mutes:{event.group}", event.mute_id, event.until.timestamp())


def lifted(draft: Draft, event: MuteLifted, _place: float) -> None:
    """It asks for attention again."""
    if known := draft.get(f"mute:{event.mute_id}"):
        draft.score(f"mutes:{known['group']}", event.mute_id, None)
        draft.delete(f"mute:{event.mute_id}")


def flooded(draft: Draft, event: FloodSet, _place: float) -> None:
    """The group's flood mode is on until then, or off."""
    until = event.until.isoformat() if event.until else None
    draft.put(f"flood:{event.group}", {"group": event.group, "member": event.member, "until": until})
