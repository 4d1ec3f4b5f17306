"""`relay peer`: which other hubs this one believes and writes to. Done here, by the operator's own hand."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from alert_relay.cli.base import EXIT_REFUSED, Failure, json_option, note, put_json, say, table, yes_option
from alert_relay.cli.root import NearestGroup

if TYPE_CHECKING:
    from alert_relay.peers import Peers
    from shared.federation.link import Link

_url_option: Final = click.option(
    "--url",
    envvar="RELAY_INGEST_PUBLIC_URL",
    metavar="URL",
    help="Where the world reaches our front door (else RELAY_INGEST_PUBLIC_URL).",
)


@click.group(cls=NearestGroup, short_help="Other cities' hubs: invite, accept, list, revoke.")
def peer() -> None:
    """Other cities' hubs: whom this hub passes on what is in their area, and whom it believes.

    \b
    Two operators who know each other exchange two lines, by a chat that both trust:
      relay peer invite glasgow --hub london --url https://london.example     (in London)
      relay peer accept relay-peer-1.…  --url https://glasgow.example         (in Glasgow)
      relay peer accept relay-peer-1.…                                        (in London, the line back)

    Then both put the entries that are printed into their bridges file and their group's file.
    """


@peer.command()
@click.argument("name")
@click.option("--hub", "us", metavar="NAME", help="What our own hub is called; needed the first time.")
@_url_option
@json_option
def invite(*, name: str, us: str | None, url: str | None, as_json: bool) -> None:
    """Invite a hub: prints one line for its operator, good for three days and one answer.

    \b
    Example:
      relay peer invite glasgow --hub london --url https://london.example
    """
    peers = _peers()
    link, line = _checked(lambda: peers.invite(name, us=us, url=url, **_by()))
    if as_json:
        put_json({"line": line, **_shown(link)})
        return
    say(line)
    note(f"\nSend this line to the operator of {name} and to nobody else; it is good for three days.")
    _say_key("Our key, to be read to them", link.our_key)
    note("They answer with a line of their own: relay peer accept THAT-LINE")


@peer.command()
@click.argument("line")
@_url_option
@json_option
def accept(*, line: str, url: str | None, as_json: bool) -> None:
    """Accept an invitation, which prints the line back; or accept the line that came back.

    \b
    Example:
      relay peer accept relay-peer-1.eyJ3aGF0… --url https://glasgow.example
    """
    peers = _peers()
    link, back = _checked(lambda: peers.accept(line, url=url, **_by()))
    if as_json:
        put_json({"line": back, **_shown(link)})
        return
    if back:
        say(back)
        note(f"\nSend this line back to the operator of {link.hub}; their hub needs it to believe ours.")
    else:
        note(f"{link.hub} is a peer now.")
    _say_key(f"The key of {link.hub}, to be compared", link.key or "")
    note(f"\nFor the bridges file:\n{peers.bridge_entry(link)}")
    note(f"For the file of the group that stands for {link.hub}:\n{peers.group_entry(link)}")


@peer.command("list")
@json_option
def list_peers(*, as_json: bool) -> None:
    """The peers, how far each link is, and what was done with it by whom.

    \b
    Example:
      relay peer list
    """
    links = _peers().all()
    if as_json:
        put_json({"peers": [_shown(link) for link in links]})
        return
    rows = [(link.hub, link.us, link.state, link.url, _history(link)) for link in links]
    table("Peers", ("hub", "we are", "link", "their door", "history"), rows)


@peer.command()
@click.argument("name")
@yes_option
@json_option
def revoke(*, name: str, yes: bool, as_json: bool) -> None:
    """End a link: the peer's next letter is refused, and nothing more is written to it.

    \b
    Example:
      relay peer revoke glasgow
    """
    if not yes:
        click.confirm(f"Believe {name} no longer? Another link takes a new invitation.", abort=True)
    link = _checked(lambda: _peers().revoke(name, **_by()))
    if as_json:
        put_json(_shown(link))
        return
    say(f"{name}: revoked. Take its entries out of the bridges file and the group's file when you can.")


def _peers() -> "Peers":
    from alert_relay.client import default_home
    from alert_relay.peers import Peers
    from alert_relay.supervisor.home import Home

    return Peers(Home(default_home()).secrets)


def _by() -> dict[str, Any]:
    return {"by": getpass.getuser()[:80], "now": datetime.now(UTC)}


def _checked(act: Callable[[], Any]) -> Any:
    """What the act gives; what it refuses as one sentence and `refused`."""
    from shared.federation.invite import InvitationError

    try:
        return act()
    except InvitationError as error:
        raise Failure(str(error), EXIT_REFUSED) from None


def _say_key(what: str, key: str) -> None:
    from shared.federation.invite import fingerprint

    note(f"{what} by phone: {fingerprint(key)}")


def _shown(link: "Link") -> dict[str, Any]:
    fields = {"hub", "us", "state", "url", "our_url", "key", "our_key", "history"}
    return link.model_dump(mode="json", include=fields)


def _history(link: "Link") -> str:
    return ", ".join(f"{step.what} {step.at:%d %b %Y} by {step.by}" for step in link.history)
