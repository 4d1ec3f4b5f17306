"""`relay bridge new`, `check`, `page`, `record`, `replay`: what an author of a bridge needs."""

from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_REFUSED, facts, json_option, note, put_json, say
from alert_relay.cli.kit_views import least_option, tell_report, tell_scaffold


@click.command()
@click.argument("name")
@click.option("--reads", is_flag=True, help="It asks its source, or listens to it, instead of being called.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to.")
@json_option
def new(name: str, *, reads: bool, folder: Path, as_json: bool) -> None:
    """Write a bridge that works, with fixtures, test and page: change it into yours.

    \b
    Examples:
      relay bridge new river-sms
      relay bridge new river-feed --reads --folder bridges
    """
    from alert_relay.kit.scaffold import scaffold

    files = scaffold(name, "reads" if reads else "called", folder)
    tell_scaffold("bridge", name, files, as_json=as_json)


@click.command()
@click.argument("target", metavar="NAME|FILE|URL")
@click.argument("command", nargs=-1, metavar="[-- COMMAND…]")
@least_option
@json_option
def check(target: str, command: tuple[str, ...], *, least: str, as_json: bool) -> None:
    """Try every criterion on a bridge, and grade it. Exit code 1 below the grade asked for.

    NAME is an installed bridge's kind, FILE a bridge's own file; the test beside it says what its source
    sends. Of a bridge out of process URL is a free address of this machine, and COMMAND starts it: it finds
    RELAY_URL, RELAY_BRIDGE and RELAY_KEY_FILE in its environment, and its source's messages on its input,
    one a line.

    \b
    Examples:
      relay bridge check river_sms.py
      relay bridge check telegram --least good
      relay bridge check river_sms.py --json
      relay bridge check http://127.0.0.1:8099 -- python3 examples/bridges/lines.py
    """
    from alert_relay.kit.find import BRIDGES, case_of
    from shared.plugins.conformance.run import checked

    if target.startswith(("http://", "https://")):
        from alert_relay.kit.outside import checked_outside

        tell_report(checked_outside(target, command), as_json=as_json, least=least)
        return
    tell_report(checked(case_of(target, BRIDGES)), as_json=as_json, least=least)


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def page(path: Path, *, as_json: bool) -> None:
    """Write a bridge's reference page anew, from its own spec.

    \b
    Example:
      relay bridge page river_sms.py
    """
    from alert_relay.kit.scaffold import write_page

    written = write_page(path, "bridge")
    if as_json:
        put_json({"page": str(written)})
    else:
        say(str(written))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--from", "source", type=click.File("rb"), default="-", help="A file; else standard input.")
@click.option(
    "--listen", "port", type=click.IntRange(0, 65_535), help="Wait for one call at this port instead."
)
@json_option
def record(folder: Path, source: Any, port: int | None, *, as_json: bool) -> None:
    """Keep a real message as a fixture, with nobody in it: numbers, names, tokens and words are replaced.

    Postcodes, times and constants stay. Look at the result before you commit it.

    \b
    Examples:
      relay bridge record fixtures/river-sms --from message.json
      relay bridge record fixtures/river-sms --listen 8099
    """
    from alert_relay.kit.capture import keep, listen

    path = keep(source.read(), folder) if port is None else listen(port, folder, note)
    if as_json:
        put_json({"fixture": str(path)})
    else:
        say(f"{path}\nLook at it before you commit it.")


@click.command()
@click.argument("fixture", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bridge", "target", metavar="NAME|FILE", help="Whose it is, if its folder does not say so.")
@json_option
def replay(fixture: Path, target: str | None, *, as_json: bool) -> None:
    """Show what report comes of a captured message. Exit code 1 if none does.

    \b
    Examples:
      relay bridge replay fixtures/river-sms/first.json
      relay bridge replay message.json --bridge river_sms.py --json
    """
    from alert_relay.kit.replay import bridge_of, replay, told
    from shared.plugins.spec import IncomingReport

    found = replay(fixture, target or bridge_of(fixture))
    if as_json:
        put_json([told(one) for one in found])
    else:
        for one in found:
            facts(told(one))
    raise SystemExit(0 if any(isinstance(one, IncomingReport) for one in found) else EXIT_REFUSED)
