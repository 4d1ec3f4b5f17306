"""`relay simulate`: timed scenarios through the real front door, with a live view."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_REFUSED, facts, json_option, note, put_json, say, table, with_hub
from alert_relay.cli.training import train
from alert_relay.client import Hub

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Play scenarios through the front door.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--speed", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="Times real time."
)
@click.option("--drill", is_flag=True, help="As an exercise: only the messages; people act.")
@click.option("--group", help="With --drill: which group trains [the only one that you act for].")
@click.option("--live/--no-live", default=None, help="A live view [on a terminal, without --json].")
@with_hub(admin=True)
@json_option
def simulate(  # noqa: PLR0913 - a command's options
    files: tuple[Path, ...],
    *,
    speed: float,
    drill: bool,
    group: str | None,
    live: bool | None,
    hub: Hub,
    as_json: bool,
) -> None:
    """Play scenario files, all at once, through the report form, the API and the signed webhooks.

    Dispatchers' acts in the files are done through the desk. At the end it counts what an
    independent receiver (the postbox) got. Exit code 1 if anything was lost or came too often.

    At a speed above 1 the relay's clock runs ahead of the wall's afterwards: its messages bear those
    times, and incidents of your own age with it. Play on a relay for trying out.

    With --drill a group trains with it on its own relay: the messages come as exercises, every word that
    is sent says DRILL, only channels with `drills: true` are used, and the acts are left to people. Its
    dispatchers and admins begin it, here or on the group's page of exercises; it is the same exercise, and
    either place shows and ends it.

    \b
    Examples:
      relay simulate examples/scenarios/dalston-2022.jsonl --speed 60
      relay simulate examples/scenarios/*.jsonl --speed 120 --json
      relay simulate examples/scenarios/dalston-2022.jsonl --drill --speed 4 --group hackney
    """
    if group and not drill:
        raise click.UsageError("--group goes with --drill: only an exercise is one group's.")
    if drill:
        train(hub, files, group=group, speed=speed, as_json=as_json)
        return
    shown = sys.stdout.isatty() and not as_json if live is None else live
    outcome = asyncio.run(run_simulation(hub, files, speed=speed, live=shown))
    if as_json:
        put_json(outcome)
    else:
        tell(outcome)
    if outcome["lost"] or outcome["duplicates"]:
        raise SystemExit(EXIT_REFUSED)


async def run_simulation(hub: Hub, files: tuple[Path, ...], *, speed: float, live: bool) -> dict[str, Any]:
    """Play the files against this relay; the final object."""
    import aiohttp

    from alert_relay.simulation.desk import DemoDesk
    from alert_relay.simulation.doors import Doors
    from alert_relay.simulation.outcome import Eye, summary
    from alert_relay.simulation.play import Player
    from shared.scenarios import Done, read_scenarios

    steps = read_scenarios(files)
    home, secrets = door_secrets(hub)
    desk = DemoDesk(hub, home.secrets)
    await desk.prepare({step.by for step in steps if isinstance(step, Done)})
    async with aiohttp.ClientSession() as http:
        doors = Doors(http, hub.ingest, secrets)
        eye = Eye(desk, http, hub.others().get("postbox"))
        with screen(live=live) as show:
            player = Player(doors, desk, eye, start_of(hub), speed, show)
            progress = await player.play(steps)
    for line in [] if live else progress.notes:
        note(line)
    return summary(progress.picture, progress.accepted, len(progress.sent))


def door_secrets(hub: Hub) -> tuple[Any, Any]:
    """The home of the running relay and what opens its doors."""
    from alert_relay.client import default_home
    from alert_relay.simulation.doors import DoorSecrets
    from alert_relay.supervisor.home import SIMULATOR, Home

    home = Home((hub.home or default_home()).absolute())
    return home, DoorSecrets(
        simulator=home.secret(SIMULATOR),
        twilio=home.secret("twilio"),
        android=home.secret("android"),
        telegram=home.secret("telegram"),
    )


def start_of(hub: Hub) -> Any:
    """Second 0 of the scenarios: now, or the log's time where an earlier simulation ran ahead of us."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    told = hub.status().get("log_at")
    return max(now, datetime.fromisoformat(told)) if told else now


def screen(*, live: bool) -> AbstractContextManager[Callable[[Any], None]]:
    """A place to show progress: the terminal, or nowhere."""
    if not live:
        return nullcontext(lambda _: None)
    return _live()


def _live() -> AbstractContextManager[Callable[[Any], None]]:
    from contextlib import contextmanager

    from rich.live import Live

    from alert_relay.simulation.view import view

    @contextmanager
    def shown() -> Any:
        with Live(refresh_per_second=4) as screen:
            yield lambda progress: screen.update(view(progress))

    return shown()


def tell(outcome: Mapping[str, Any]) -> None:
    """The outcome for people."""
    rows = [
        (
            i["code"],
            i["place"],
            ", ".join(i["groups"]),
            "" if i["first_alert_after_s"] is None else f"{i['first_alert_after_s']:.2f} s",
            " → ".join(i["states"]),
        )
        for i in outcome["incidents"]
    ]
    table("What came of it", ("code", "place", "groups", "first alert after", "passed"), rows)
    say("")
    counts = {
        f"{kind} to {audience}": n for kind, by in outcome["deliveries"].items() for audience, n in by.items()
    }
    facts({"reports": outcome["reports"], **counts})
    say(f"lost {outcome['lost']}, copies {outcome['duplicates']}")
