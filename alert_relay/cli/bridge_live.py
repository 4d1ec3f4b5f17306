"""`relay bridge list` and `relay bridge test`: how the bridges of a running front door stand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from alert_relay.cli.base import (
    EXIT_REFUSED,
    EXIT_USAGE,
    Failure,
    json_option,
    note,
    put_json,
    say,
    table,
    with_hub,
)
from alert_relay.cli.status import bridges_health, key_file_option
from alert_relay.client import Hub

if TYPE_CHECKING:
    from shared.plugins.bridge_file import BridgeEntry
    from shared.plugins.spec import Outcome

_TROUBLES: Final = ("failed", "blocked", "quarantined", "refused")
"""What is counted of a bridge that somebody should look into."""
_REMEDIES: Final = {
    "not_called_yet": "nobody has called it since it was opened: give its source {url}",
    "plugin_error": "the bridge itself failed: see the front door's log, event bridge_failed",
    "BAD_CREDENTIALS": "a person must act: make its secret the same on both sides, or log in anew",
    "CONNECTING": "it has not said yet that it is connected; look again in a minute",
    "TRANSIENT_DISCONNECT": "its source is away; it is tried again by itself",
    "RATE_LIMITED": "its source wants us to wait; it is read again by itself",
}


@click.command(name="list", short_help="How each bridge stands.")
@with_hub(token=False)
@key_file_option
@json_option
def list_bridges(*, hub: Hub, key_file: Path | None, as_json: bool) -> None:
    """Every open bridge: kind, whose it is, state and since when, last report, troubles.

    \b
    Examples:
      relay bridge list
      relay bridge list --json
    """
    found = _asked(hub, key_file)
    if as_json:
        put_json(found)
        return
    troubles = _troubles(found.get("counts") or {})
    rows = [
        (n, b.get("kind"), b.get("group", "hub"), b.get("state"), b.get("since"), b.get("reason"),
         b.get("heard", "never"), troubles.get(n))
        for n, b in (found.get("bridges") or {}).items()
    ]  # fmt: skip
    columns = ("bridge", "kind", "of", "state", "since", "reason", "last report", "troubles")
    table("Bridges", columns, rows)
    if found.get("mistake"):
        note(f"The bridges file has a mistake, so nothing that changed in it holds. {found['mistake']}")


def _asked(hub: Hub, key_file: Path | None) -> dict[str, Any]:
    found = bridges_health(hub, key_file)
    if found is None:
        raise Failure(
            "Which bridge stands how a key of the front door with the right `health` is told: name it with "
            "--key-file FILE, or set RELAY_HOME to the folder of the relay that runs here.",
            EXIT_USAGE,
        )
    return found


def _troubles(counts: Mapping[str, int]) -> dict[str, str]:
    """By bridge, what went wrong and how often, in words."""
    found: dict[str, Counter[str]] = {}
    for name, number in counts.items():
        of, _, rest = name.partition(".")
        bridge, _, what = rest.partition(".")
        if of == "bridge" and what.partition(".")[0] in _TROUBLES:
            found.setdefault(bridge, Counter())[what.replace(".", " ")] += number
    return {bridge: ", ".join(f"{n} {what}" for what, n in of.items()) for bridge, of in found.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at: whether it is well (None: that can't be told), and what to do."""

    what: str
    ok: bool | None
    detail: str


@click.command(name="test", short_help="Settings, secrets, source and state of one bridge.")
@click.argument("name")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RELAY_INGEST_BRIDGES_FILE",
    help="The bridges file; of a relay of this machine its own.",
)
@with_hub(token=False)
@key_file_option
@json_option
def test_bridge(*, name: str, file: Path | None, hub: Hub, key_file: Path | None, as_json: bool) -> None:
    """Read its settings and secrets, ask its source whether it knows us, and see how it stands.

    Nothing is sent, and no message is read. Exit code 1 if something is wrong, 2 if it is in the file. The
    secrets are those of your shell: run it where the front door runs.

    \b
    Examples:
      relay bridge test sms-london --file /etc/relay/bridges.yaml
      relay bridge test e17-mums --json
    """
    steps = [*_steps(name, _file_of(hub, file), hub, key_file)]
    if as_json:
        put_json({"bridge": name, "steps": [asdict(step) for step in steps]})
    else:
        for step in steps:
            say(f"{ {True: 'ok', False: 'WRONG', None: '-'}[step.ok]:<6}{step.what}: {step.detail}")
    if any(step.ok is False for step in steps):
        raise SystemExit(EXIT_REFUSED)


def _file_of(hub: Hub, file: Path | None) -> Path:
    from alert_relay.supervisor.home import Home, read_run_file

    home = Home(hub.home) if hub.home is not None else None
    own = Path(read_run_file(home.run_file).get("bridges_file") or home.bridges_file) if home else None
    found = file or (own if own is not None and own.exists() else None)
    if found is None:
        raise Failure("Which bridges file? Name it: --file FILE or RELAY_INGEST_BRIDGES_FILE.", EXIT_USAGE)
    return found


def _steps(name: str, file: Path, hub: Hub, key_file: Path | None) -> Iterator[Step]:
    from shared.plugins.bridge_file import read_bridges
    from shared.secrets import ReferencedSecrets

    entries = read_bridges(file)
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise Failure(f"{file}: there is no bridge {name!r}; these are there: {known}.", EXIT_USAGE)
    entry = entries[name]
    yield Step("settings", ok=True, detail=f"a sound {entry.kind} in {file}")
    bridge = entry.open(ReferencedSecrets())
    yield Step("secrets", ok=True, detail="every one that it refers to is there")
    yield _source(entry, bridge)
    yield _standing(name, hub, key_file)


def _source(entry: "BridgeEntry", bridge: object) -> Step:
    """What its source says of us."""
    import asyncio

    from shared.plugins.spec import Checks, Delivered, Unknown

    if not isinstance(bridge, Checks):
        return Step("source", ok=None, detail=f"a {entry.kind} can't be asked; its state says how it goes")
    outcome = asyncio.run(_checked(bridge))
    if isinstance(outcome, Delivered):
        return Step("source", ok=True, detail="it knows us, and reaches us")
    said = None if isinstance(outcome, Unknown) else outcome.words
    return Step("source", ok=False, detail=f"{outcome.reason}{f': {said}' if said else ''}")


async def _checked(bridge: Any) -> "Outcome":
    from aiohttp import ClientSession, ClientTimeout

    from shared.plugins.spec import ChannelHost
    from shared.secrets import ReferencedSecrets

    async with ClientSession(timeout=ClientTimeout(total=20)) as http:
        outcome: Outcome = await bridge.check(ChannelHost(http=http, secrets=ReferencedSecrets()))
        return outcome


def _standing(name: str, hub: Hub, key_file: Path | None) -> Step:
    """How the front door says that it stands, and what to do about it."""
    found = bridges_health(hub, key_file)
    if found is None:
        return Step(
            "state", ok=None, detail="name a key of the front door with the right `health`: --key-file FILE"
        )
    row = (found.get("bridges") or {}).get(name)
    if row is None:
        why = found.get("mistake") or "it follows another file (RELAY_INGEST_BRIDGES_FILE)"
        return Step("state", ok=False, detail=f"the front door has it not open: {why}")
    state, reason = row.get("state", "?"), row.get("reason", "")
    told = f"{state} since {row.get('since')}{f' ({reason})' if reason else ''}"
    remedy = _REMEDIES.get(reason) or _REMEDIES.get(state)
    if remedy is None:
        return Step("state", ok=True, detail=told)
    return Step("state", ok=False, detail=f"{told}; {remedy.format(url=f'{hub.ingest}/bridges/{name}')}")
