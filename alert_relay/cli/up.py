"""`relay up`: everything under one supervisor, and what to try next."""

import asyncio
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_USAGE, Failure, note, put_json, say
from shared.pages import by_name


def up_options(function: Any) -> Any:
    """Options that `up` and `demo` share."""
    for option in (
        click.option("--home", type=click.Path(path_type=Path), help="Folder of all state [.relay]."),
        click.option(
            "--ports", type=click.Choice(["auto", "default"]), default="default", help="Or free ones."
        ),
        click.option(
            "--groups",
            multiple=True,
            type=click.Path(exists=True, path_type=Path),
            help="Group files to put in force at the start, instead of the examples'.",
        ),
        click.option("--no-examples", is_flag=True, help="No example groups, no postbox."),
        click.option("--nats-url", metavar="URL", help="Use this NATS instead of starting one."),
        click.option(
            "--nats-monitoring-url", metavar="URL", help="Its monitoring address (http://host:8222)."
        ),
        click.option("--redis-url", metavar="URL", help="Use this Redis instead of starting one."),
    ):
        function = option(function)
    return function


@click.command(short_help="Start the whole relay on this machine.")
@up_options
@click.option("--json", "as_json", is_flag=True, help="When ready, one line of JSON with the addresses.")
def up(*, as_json: bool, **asked: Any) -> None:
    """Start NATS, Redis, the four services and the example groups, and run until Ctrl-C.

    Prints READY and the addresses. State lives in one folder and survives; a second start resumes.
    A process that dies is started again. Ctrl-C drains: the door closes first, the log last.

    \b
    Ports: 8080 reports, 8081 console, 8082-8083 health, 8084 postbox, 4222 and 8222 NATS;
    change one by RELAY_INGEST_PORT=…, RELAY_CONSOLE_PORT=…, RELAY_NATS_PORT=… and so on.

    \b
    Examples:
      relay up
      relay up --ports auto --home /tmp/try
      relay up --no-examples --nats-url nats://10.0.0.5:4222 --nats-monitoring-url http://10.0.0.5:8222
    """
    tell: Callable[[str], None] = note if as_json else say
    run_up(asked, tell, lambda facts: _ready(facts, as_json=as_json))


def run_up(
    asked: Mapping[str, Any], tell: Callable[[str], None], meanwhile: Any, *, stay: bool = True
) -> None:
    """Run the supervisor with these options until a signal."""
    from alert_relay.supervisor.plan import Choices
    from alert_relay.supervisor.run import up as supervise
    from alert_relay.supervisor.settings import load_up_settings
    from shared.errors import RelayError

    choices = Choices(
        examples=not asked["no_examples"],
        nats_url=asked["nats_url"],
        nats_monitoring_url=asked["nats_monitoring_url"],
        redis_url=asked["redis_url"],
        auto_ports=asked["ports"] == "auto",
        groups=asked["groups"],
        stay=stay,
    )
    try:
        asyncio.run(supervise(load_up_settings(asked["home"]), choices, tell, meanwhile))
    except RelayError as error:
        raise Failure(str(error), EXIT_USAGE) from None


async def _ready(facts: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        put_json({"ready": True, **facts})
    else:
        announce(facts)


def announce(facts: Mapping[str, Any]) -> None:
    """READY, the addresses each on a line of its own, and what to try."""
    say("READY")
    say(f"Report form  {facts['ingest']}/")
    say(f"Live page    {facts['console']}/")
    say(f"API          {facts['ingest']}/v1/reports")
    if "postbox" in facts:
        say(f"Postbox      {facts['postbox']}/   (what the example groups received)")
    if "sign_in" in facts:
        say(f"Sign in      {facts['sign_in']}   (opens once, for a day: you run this hub)")
    else:
        say(f"Sign in      {by_name(facts['console'])}/sign-in")
    home = shlex.quote(facts["home"])
    say("")
    say(f"Try, in another terminal (export RELAY_HOME={home} first):")
    if "postbox" in facts:
        say('  relay report "immigration vans in Ashwin Street E8, they are holding a rider" --first-hand')
        say('  relay member add "Ada" --role hackney=dispatcher --keep   then   relay desk list')
        say("  relay simulate examples/scenarios/dalston-2022.jsonl --speed 60   (two hours in two minutes:")
        say("      this relay's clock runs ahead of yours afterwards, so better not beside work of your own)")
    else:
        say("  relay group check my-groups/   then   relay group apply my-groups/")
    say("  relay status")
    say("Ctrl-C stops it and keeps everything.")
