"""`relay simulate --drill`: begins an exercise of a group, watches it, and tells what people made of it.

It is the exercise of the group's page: begun by the same command, played by the front door, ended there or
here.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alert_relay.cli.base import EXIT_USAGE, Failure, note, put_json, say, table
from alert_relay.client import Hub

_STEPS: Final = ("first_told", "claimed", "confirmed", "rejected", "ended")
_LOOK_S: Final = 1.0
_SETTLES_S: Final = 3.0
"""What was sent last is decided within this."""


def train(hub: Hub, files: tuple[Path, ...], *, group: str | None, speed: float, as_json: bool) -> None:
    """Play the messages at their times, then tell what was done about them. Ctrl-C ends the exercise."""
    from shared.scenarios import read_scenarios, said_in

    hub = _as_member(hub)
    group = group or _only_group(hub)
    messages = said_in(read_scenarios(files))
    asked = {
        "name": _name(files),
        "speed": speed,
        "messages": [m.model_dump(mode="json", exclude_none=True) for m in messages],
    }
    begun = hub.begin_exercise(group, asked)
    if not as_json:
        note(f"The exercise has begun. Its own report form: {begun['link']}")
    outcome = _watched(hub, group, begun["id"], [(m.t / speed, m.text) for m in messages], quiet=as_json)
    if as_json:
        put_json(outcome)
    else:
        _tell(outcome)


def _watched(
    hub: Hub, group: str, exercise: str, due: Sequence[tuple[float, str]], *, quiet: bool
) -> dict[str, Any]:
    """Wait until all is sent, saying what is; then what came of it. It goes on until somebody ends it."""
    began = time.monotonic()
    try:
        for number, (after_s, text) in enumerate(due, 1):
            while (left := began + after_s - time.monotonic()) > 0:
                time.sleep(min(left, _LOOK_S))
                standing = hub.exercise(group, exercise)
                if not standing["goes_on"]:
                    return standing
            if not quiet:
                note(f"{number} of {len(due)}  {text[:80]}")
        time.sleep(_SETTLES_S)
    except KeyboardInterrupt:
        return hub.end_exercise(group, exercise)
    return hub.exercise(group, exercise)


def _as_member(hub: Hub) -> Hub:
    """As who acts for a group: where only the operator's token is at hand, the one that `--keep` left."""
    from alert_relay.client import default_home, read_token

    home = hub.home or default_home()
    kept = home / "member.token"
    operator = hub.token == Hub.at_home(home).token
    return dataclasses.replace(hub, token=read_token(kept)) if operator and kept.exists() else hub


def _only_group(hub: Hub) -> str:
    """The group for which whoever asks acts, if there is only one on this hub."""
    groups = [g["id"] for g in hub.groups()]
    if len(groups) == 1:
        return str(groups[0])
    raise Failure(
        f"Say which group trains: --group ID, one of {', '.join(sorted(groups)) or 'none yet'}.", EXIT_USAGE
    )


def _name(files: Sequence[Path]) -> str:
    """What the exercise is called: its file, or that it is several."""
    stem = files[0].stem.lower() if len(files) == 1 else f"{len(files)}-scenarios"
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in stem).strip("-")[:40] or "scenario"


def _tell(outcome: Mapping[str, Any]) -> None:
    say(f"Reports at the desk: {outcome['reports']}. Messages of the scenario: {outcome['count']}.")
    rows = [
        (i["code"], i["place"] or "", i["status"], *(_after(i[step]) for step in _STEPS))
        for i in outcome["incidents"]
    ]
    if rows:
        names = [step.replace("_", " ") for step in _STEPS]
        table(
            "What your people made of it, in minutes:seconds after it opened",
            ("code", "place", "now", *names),
            rows,
        )
    if outcome["left_open"]:
        say(f"Still open: {', '.join(outcome['left_open'])}. End it, so that everybody told hears the end.")
    if outcome["goes_on"]:
        say("The exercise goes on until somebody ends it on the group's page, or until its time is over.")


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
