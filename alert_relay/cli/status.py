"""`relay status`: one screen that says whether all is well."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_UNREACHABLE, json_option, note, put_json, say, table, with_hub
from alert_relay.cli.desk_views import row
from alert_relay.cli.report import own_key
from alert_relay.cli.stops import say_stops
from alert_relay.client import Hub, NotReachableError, SaidNoError, call, read_token

key_file_option = click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RELAY_INGEST_KEY_FILE",
    help="File with a key of the front door that has the right `health`; of a relay of this machine its own.",
)


@click.command(short_help="One screen: is all well?")
@with_hub(admin=True, token=False)
@key_file_option
@json_option
def status(*, hub: Hub, key_file: Path | None, as_json: bool) -> None:
    """What runs, what waits, what is open. Exit code 3 if a part does not answer.

    Which bridge stands how is shown to whoever has a key for it; the front door tells others only how many.

    \b
    Examples:
      relay status
      relay status --json
    """
    health, bridges = _health(hub), _bridges(hub, key_file).get("bridges") or {}
    figures = _quietly(hub.status) if hub.token else {}
    bridges = bridges or (figures or {}).get("bridges") or {}
    open_now = _quietly(hub.incidents) if hub.token else []
    if as_json:
        put_json({"health": health, "bridges": bridges, "status": figures, "incidents": open_now})
    else:
        _screen(health, bridges, figures, open_now)
    if not all(part.get("ok") for part in health.values()):
        raise SystemExit(EXIT_UNREACHABLE)


def _health(hub: Hub) -> dict[str, dict[str, Any]]:
    addresses = {"ingest": hub.ingest, "console": hub.console, **hub.others()}
    return {name: _ask(url) for name, url in addresses.items()}


def bridges_health(hub: Hub, key_file: Path | None) -> dict[str, Any] | None:
    """What the front door tells of its bridges; None without a key. A run of our own folder has one."""
    key = read_token(key_file) if key_file else own_key(hub) if hub.runs_here else None
    if key is None:
        return None
    answer = hub.at_door("GET", "/health/bridges", None, {"Authorization": f"Bearer {key}"})
    return dict(answer or {})


def _bridges(hub: Hub, key_file: Path | None) -> dict[str, Any]:
    """The same, or nothing where that can't be had."""
    try:
        return bridges_health(hub, key_file) or {}
    except NotReachableError:  # said already, of the service
        return {}
    except SaidNoError as error:
        note(f"No bridges are shown: {error}")
        return {}


def _ask(url: str) -> dict[str, Any]:
    try:
        answer = call("GET", f"{url}/health", None, {})
    except NotReachableError:
        return {"ok": False, "why": f"does not answer at {url}"}
    except SaidNoError as error:
        return {"ok": False, "why": str(error)}
    return dict(answer) if isinstance(answer, Mapping) else {"ok": False}


def _quietly(ask: Any) -> Any:
    try:
        return ask()
    except (NotReachableError, SaidNoError):
        return None


def _screen(health: Mapping[str, Mapping[str, Any]], bridges: Any, figures: Any, open_now: Any) -> None:
    rows = [
        (name, "ok" if part.get("ok") else "NOT WELL", _flat({k: v for k, v in part.items() if k != "ok"}))
        for name, part in health.items()
    ]
    table("Parts", ("part", "health", "figures"), rows)
    say_stops((figures or {}).get("stopped", ()))
    _held(health)
    _unread(health)
    _reading(bridges)
    _at_the_door(health.get("ingest", {}))
    if figures:
        say("")
        say(sentence(figures))
        waiting = {name: stream.get("lag", 0) for name, stream in (figures.get("streams") or {}).items()}
        say("Waiting to be read: " + ", ".join(f"{name} {n}" for name, n in waiting.items()) + ".")
    if open_now:
        say("")
        table(
            "Open incidents", ("code", "status", "place", "groups", "reports", "claimed"), map(row, open_now)
        )


def _held(health: Mapping[str, Mapping[str, Any]]) -> None:
    """Which channels' providers don't answer, or asked for a pause: what is to go by them waits."""
    held = [h for part in health.values() for h in part.get("channels_held") or ()]
    if held:
        say("")
    for h in held:
        whose = f"of group {h['group']}" if h.get("group") else "of the hub's own"
        by = f" by {h['provider']}" if h.get("provider") else ""
        since, then = (_clock(h.get(key, "")) for key in ("since", "next_try_at"))
        say(
            f"Channel {h.get('channel')} {whose}{by}: not answering since {since} ({h.get('reason')}), "
            f"next try at {then}."
        )


def _unread(health: Mapping[str, Mapping[str, Any]]) -> None:
    """Which mailboxes for mails that come back are not read."""
    boxes = [box for part in health.values() for box in (part.get("mailboxes") or {}).items()]
    wrong = [(name, box) for name, box in boxes if box.get("state") not in {"CONNECTED", "CONNECTING"}]
    if wrong:
        say("")
    for name, box in wrong:
        say(f"Mails that come back to {name} are not read: {box.get('state')} ({box.get('reason')}).")


def _clock(at: str) -> str:
    """A moment as a clock beside the reader shows it."""
    return datetime.fromisoformat(at).astimezone().strftime("%a %H:%M:%S") if at else "?"


def _reading(bridges: Any) -> None:
    """How the bridges stand."""
    if not isinstance(bridges, Mapping) or not bridges:
        return
    rows = [
        (name, b.get("group", "hub"), b.get("state"), b.get("since"), b.get("reason"))
        for name, b in bridges.items()
    ]
    say("")
    table("Bridges", ("bridge", "of", "state", "since", "reason"), rows)


def _at_the_door(door: Mapping[str, Any]) -> None:
    """What waits for a person because of who sent it, and whether the bridges file is in use as it is."""
    held = (door.get("counts") or {}).get("bridge.quarantined", 0)
    if held:
        say("")
        say(f"Quarantined since the front door started: {held} reports of senders who write far too much.")
    if door.get("bridges_file_ok") is False:
        say("")
        say("The bridges file has a mistake, so what changed in it does not hold: relay bridge list.")


def _flat(figures: Mapping[str, Any]) -> str:
    told = {k: v for k, v in figures.items() if isinstance(v, str | int | float) and k != "service"}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items())


def sentence(figures: Mapping[str, Any]) -> str:
    """The console's counts in words, whatever it counts."""
    counts = [(k, v) for k, v in figures.items() if isinstance(v, int) and not isinstance(v, bool)]
    return "Done so far: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in counts) + "."
