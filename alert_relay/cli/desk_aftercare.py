"""`relay desk`, what comes after: what became of the people taken, and the posts for them."""

from typing import Any

import click

import alert_relay.cli.desk_team  # noqa: F401 - its acts are the desk's, too
from alert_relay.cli.base import EXIT_USAGE, Failure, facts, json_option, put_json, say, table, with_hub
from alert_relay.cli.desk import INCIDENT, act, desk, send, tell, telling
from alert_relay.cli.times import TIME, shown
from alert_relay.client import Hub

POST = click.argument("post", metavar="POST")
FATES = ("let_go", "released", "bailed", "charged", "detention", "hospital", "unknown")
TAG = click.option("--tag", help="For a volunteer from outside: their tag.")


@desk.command()
@INCIDENT
@click.option("--arrested", type=click.IntRange(0, 1000), help="How many were taken, or may have been.")
@click.option("--became", multiple=True, metavar="WHAT=HOW MANY | TAG=WHAT", help="May be repeated.")
@click.option("--owner", help="Who follows it up: a member's id, or `me`.")
@click.option("--check", "check_at", type=TIME, help='When it is looked at next: "18:30", "+2h".')
@act
def account(incident: str, became: tuple[str, ...], *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """What became of the people taken: counts and tags only, never a name.

    WHAT is let_go (not taken after all), released, bailed, charged, detention (immigration), hospital or
    unknown.

    \b
    Examples:
      relay desk account D7K --arrested 3 --owner me --check +2h
      relay desk account D7K --became released=2
      relay desk account D7K --became PK7B=bailed
    """
    news = [_became(one) for one in became] or None
    send(hub, "account", {"incident": incident, "became": news, **rest}, as_json=as_json)


def _became(text: str) -> dict[str, Any]:
    left, _, right = text.partition("=")
    if left in FATES and right.isdecimal():
        return {"fate": left, "number": int(right)}
    if right in FATES:
        return {"fate": right, "tag": left.upper()}
    hint = f"Write WHAT=HOW MANY (released=2) or TAG=WHAT (PK7B=bailed); WHAT is {', '.join(FATES)}."
    raise Failure(f"--became {text!r} is neither. {hint}", EXIT_USAGE)


@desk.command()
@INCIDENT
@click.option("--from", "begins", type=TIME, required=True, help='"18:30", "tomorrow 06:00", "+2h".')
@click.option("--to", "ends", type=TIME, required=True)
@click.option("--at", "label", required=True, help="Which police station, which door.")
@click.option("--needed", type=click.IntRange(1, 10), default=2, show_default=True)
@act
def post(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """People are needed outside a police station. The verifiers are told, and again if they lack.

    \b
    Example:
      relay desk post D7K --from 20:00 --to 22:00 --at "Stoke Newington Police Station, front door"
    """
    send(hub, "post", {"incident": incident, **rest}, as_json=as_json)


@desk.command(name="post-withdraw")
@INCIDENT
@POST
@telling
def post_withdraw(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """A post is needed no longer. Its verifiers are told, and its link says so.

    \b
    Example:
      relay desk post-withdraw D7K pk7m2x9q
    """
    tell(hub, "post_withdraw", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@INCIDENT
@POST
@click.option("--outside", is_flag=True, help="Not me: a volunteer from outside. The answer is their tag.")
@act
def join(incident: str, outside: bool, *, hub: Hub, as_json: bool, **rest: Any) -> None:  # noqa: FBT001 - click passes it so
    """I will stand there.

    \b
    Examples:
      relay desk join D7K pk7m2x9q
      relay desk join D7K pk7m2x9q --outside
    """
    body = {"incident": incident, "outside": True if outside else None, **rest}
    send(hub, "post_join", body, as_json=as_json)


@desk.command()
@INCIDENT
@POST
@TAG
@act
def leave(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I can't stand there after all.

    \b
    Examples:
      relay desk leave D7K pk7m2x9q
      relay desk leave D7K pk7m2x9q --tag VK7BQ
    """
    send(hub, "post_leave", {"incident": incident, **rest}, as_json=as_json)


@desk.command(name="check-in")
@INCIDENT
@POST
@TAG
@act
def check_in(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I am at the post. Who has not said so ten minutes after the start is missed.

    \b
    Examples:
      relay desk check-in D7K pk7m2x9q
      relay desk check-in D7K pk7m2x9q --tag VK7BQ
    """
    send(hub, "post_check_in", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@with_hub()
@json_option
def aftercare(incident: str, *, hub: Hub, as_json: bool) -> None:
    """The people taken, who follows up, and the posts with their people.

    \b
    Example:
      relay desk aftercare D7K
    """
    found = hub.incident(incident).get("aftercare") or {"people": [], "posts": [], "arrested": 0}
    if as_json:
        put_json(found)
        return
    owner = found.get("owner") or {}
    facts(
        {
            "taken, or may have been": found["arrested"],
            "nothing known of": found.get("unaccounted", 0),
            "followed up by": owner.get("name") or owner.get("member"),
            "looked at next": shown(found.get("check_at")),
        }
    )
    say("")
    table("People asked after", ("tag", "became"), [(p["tag"], p["fate"]) for p in found["people"]])
    say("")
    rows = [(p["id"], p["label"], shown(p["begins"]), shown(p["ends"]), _keepers(p)) for p in found["posts"]]
    table("Posts", ("post", "where", "from", "to", "who"), rows)
    for post in found["posts"]:
        if post.get("link"):
            say(f"{post['id']}: whoever gets this link may sign up without an account: {post['link']}")


def _keepers(post: dict[str, Any]) -> str:
    who = [f"{k['name'] or k['who']}{' (there)' if k['there_at'] else ''}" for k in post["keepers"]]
    free = post["needed"] - len(who)
    return ", ".join([*who, *([f"{free} wanted"] if free > 0 else [])])


@desk.command()
@click.option("--language", default="en", show_default=True)
@with_hub()
@json_option
def card(language: str, *, hub: Hub, as_json: bool) -> None:
    """What whoever keeps a post is told.

    \b
    Example:
      relay desk card
    """
    found = hub.card(language)
    if as_json:
        put_json(found)
        return
    say(f"{found['title']} (version {found['version']})")
    for line in found["lines"]:
        say(f"- {line}")
    if not found["reviewed_by"] and found["language"] != "en":
        say("A machine made this translation. No native speaker has checked it yet.")
    elif not found["reviewed_by"]:
        say("No second person has reviewed these words yet.")
