"""`relay demo`: the relay, and the evening of 14 May 2022 in Dalston played through it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import note, put_json, say
from alert_relay.cli.up import announce, run_up, up_options

SCENARIO = Path(__file__).resolve().parents[2] / "examples" / "scenarios" / "dalston-2022.jsonl"


@click.command(short_help="The relay, and an evening in Dalston played through it.")
@up_options
@click.option("--speed", type=click.FloatRange(min=0.01), default=120.0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON with the outcome, then end.")
def demo(*, speed: float, as_json: bool, **asked: Any) -> None:
    """Start the relay (or use the one that runs in this RELAY_HOME) and play the Dalston scenario.

    Afterwards the results stay on the screen and the relay runs on until Ctrl-C.

    \b
    Examples:
      relay demo
      relay demo --speed 300 --ports auto
    """
    hub = _running(asked["home"])
    if hub is not None:
        import asyncio

        say_or_note = note if as_json else say
        say_or_note(f"A relay runs at {hub.console}; playing there.")
        asyncio.run(_play(hub, speed, as_json=as_json))
        return
    tell = note if as_json else say
    run_up(asked, tell, lambda facts: _after_up(facts, speed, as_json=as_json), stay=not as_json)


def _running(home: Path | None) -> Any:
    """The relay that runs in this folder now, if one does; never a stranger on the usual ports."""
    from alert_relay.client import Hub, NotReachableError, SaidNoError, call, default_home
    from alert_relay.supervisor.home import read_run_file

    folder = (home or default_home()).absolute()
    if not read_run_file(folder / "run.json").get("pid"):
        return None
    hub = Hub.at_home(folder)
    try:
        call("GET", f"{hub.console}/health", None, {})
    except (NotReachableError, SaidNoError):
        return None
    return hub


async def _after_up(facts: Mapping[str, Any], speed: float, *, as_json: bool) -> None:
    from alert_relay.client import Hub

    if not as_json:
        announce(facts)
    await _play(Hub.at_home(Path(facts["home"])), speed, as_json=as_json)
    if not as_json:
        say(f"Look at {facts['console']}/ and {facts.get('postbox', facts['ingest'])}/ ; Ctrl-C ends it.")


async def _play(hub: Any, speed: float, *, as_json: bool) -> None:
    import sys

    from alert_relay.cli.simulate import run_simulation, tell

    live = sys.stdout.isatty() and not as_json
    outcome = await run_simulation(hub, (SCENARIO,), speed=speed, live=live)
    if as_json:
        put_json(outcome)
    else:
        tell(outcome)
