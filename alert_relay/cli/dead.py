"""`relay dead`: messages that nobody could handle: look, have them handled again, or let them go."""

from typing import Any

import click

from alert_relay.cli.base import (
    EXIT_PENDING,
    EXIT_REFUSED,
    EXIT_USAGE,
    Failure,
    facts,
    json_option,
    note,
    put_json,
    say,
    table,
    with_hub,
)
from alert_relay.cli.root import NearestGroup
from alert_relay.client import Hub


@click.group(cls=NearestGroup, short_help="What could not be handled: look, retry, discard.")
def dead() -> None:
    """Messages that no service could handle. For whoever runs the hub.

    What such a message says is not shown: it may be any group's. Each stays where it lay until its time; a
    retry and a discard are decided in the log, with who did it and why.

    \b
    Examples:
      relay dead list
      relay dead show router.REPORTS.17
      relay dead retry router.REPORTS.17
      relay dead retry --all --reason decide_failed
      relay dead discard console.LEDGER.90 --reason "read after the update"
    """


@dead.command("list")
@with_hub(admin=True)
@json_option
def list_(*, hub: Hub, as_json: bool) -> None:
    """The letters that wait, the newest first.

    \b
    Example:
      relay dead list
    """
    found = hub.dead()
    if as_json:
        put_json(found)
        return
    rows = [_row(one) for one in found["letters"]]
    table("Dead letters", ("letter", "since", "why", "what was wrong", "to do"), rows)
    if (more := found["total"] - len(rows)) > 0:
        note(f"{more} more; these are the newest.")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    since = one["at"][:16].replace("T", " ")
    return (one["letter"], since, ", ".join(one["reasons"]), one["detail"], one["advice"])


@dead.command()
@click.argument("letter")
@with_hub(admin=True)
@json_option
def show(letter: str, *, hub: Hub, as_json: bool) -> None:
    """One letter: where it lies, why, of which kind it is, and what to do.

    \b
    Example:
      relay dead show router.REPORTS.17
    """
    found = hub.letter(letter)
    if as_json:
        put_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    over = found.get("closed") or {}
    still = {True: "yes", False: "no: it is erased, or older than the stream keeps", None: None}
    facts({
        "letter": found["letter"],
        "since": found["at"],
        "why": ", ".join(found["reasons"]),
        "what was wrong": found["detail"],
        "kind": found.get("kind"),
        "subject": found["subject"],
        "still there": still[found.get("there")],
        "closed": f"{over['how']} by {over['member']} at {over['at']}: {over['why']}" if over else None,
        "to do": found["words"] if found["waits"] else None,
    })  # fmt: skip


@dead.command()
@click.argument("letter", required=False)
@click.option("--all", "every", is_flag=True, help="All that can be tried again, 200 at a time.")
@click.option("--reason", help="With --all: only those that were buried for this reason.")
@click.option("--why", default="", help="Why you try it, for those who look at it later.")
@with_hub(admin=True)
@json_option
def retry(  # noqa: PLR0913 - its options
    letter: str | None, *, hub: Hub, every: bool, reason: str | None, why: str, as_json: bool
) -> None:
    """Have a letter handled again. It is handled, or it stays where it is and the answer says why.

    A report is decided as if it came now; if it came more than ten minutes ago, a person looks first. What a
    person ordered, and what was to be sent, is not done later: its moment has passed.

    \b
    Examples:
      relay dead retry router.REPORTS.17 --why "updated to 1.4"
      relay dead retry --all --reason decide_failed
    """
    if every == bool(letter) or (reason and not every):
        raise Failure("Name one letter, or say --all (and with it perhaps --reason).", EXIT_USAGE)
    if letter:
        answer = hub.about_letter(letter, "retry", why)
        put_json(answer) if as_json else say(f"{letter}: handled")
        return
    _tell_all(hub.retry_dead(reason, why), as_json=as_json)


def _tell_all(tried: dict[str, Any], *, as_json: bool) -> None:
    """Say what came of it; 1 if any stays, 4 if not all were tried."""
    if as_json:
        put_json(tried)
    else:
        say(f"Handled: {tried['retried']}.")
        for reason, n in tried["refused"].items():
            say(f"Stays: {n} ({reason.replace('_', ' ')}).")
        if tried["left"]:
            say(f"Not tried yet: {tried['left']}. Say it again.")
    if tried["left"] or tried["refused"]:
        raise SystemExit(EXIT_PENDING if tried["left"] else EXIT_REFUSED)


@dead.command()
@click.argument("letter")
@click.option("--reason", "why", required=True, help="Why it may be let go; kept with who did it.")
@with_hub(admin=True)
@json_option
def discard(letter: str, *, hub: Hub, why: str, as_json: bool) -> None:
    """Let a letter go: nobody need look at it any more.

    \b
    Example:
      relay dead discard notifier.DECISIONS.812 --reason "asked them by phone"
    """
    answer = hub.about_letter(letter, "discard", why)
    put_json(answer) if as_json else say(f"{letter}: discarded")
