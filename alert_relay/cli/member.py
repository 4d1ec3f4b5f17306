"""`relay member`: who may act, and for which groups."""

import click

from alert_relay.cli.base import (
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

ROLES = ("verifier", "dispatcher", "admin", "operator")


@click.group(cls=NearestGroup, short_help="Who may act, and for which groups.")
def member() -> None:
    """Add, list and revoke the people who may act.

    \b
    Examples:
      relay member invite "Ada" --role hackney=dispatcher
      relay member add "Ada" --role hackney=dispatcher --keep
      relay member roles
      relay member list
      relay member revoke mabcd2345
    """


@member.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, metavar="GROUP=ROLE", help="May be repeated.")
@click.option("--keep", is_flag=True, help="Act as this person here: keep the token in RELAY_HOME.")
@with_hub(admin=True)
@json_option
def add(name: str, roles: tuple[str, ...], *, keep: bool, hub: Hub, as_json: bool) -> None:
    """Let somebody act. Their token is shown this once.

    Roles: verifier (claims), dispatcher (confirms, ends), admin (group and members), operator (hub).

    \b
    Examples:
      relay member add "Ada" --role hackney=dispatcher --role southwark=verifier
      relay member add "Ada" --role hackney=dispatcher --keep
    """
    from alert_relay.client import default_home
    from alert_relay.supervisor.home import write_private

    wanted = dict(_role(role) for role in roles)
    _known(wanted, hub)
    added = hub.add_member(name, wanted)
    if keep:
        write_private(default_home() / "member.token", added["token"] + "\n")
    if as_json:
        put_json(added)
        return
    facts({"member": added["member"], "token": added["token"]})
    note(f"Kept: `relay desk` here acts as {name} now." if keep else "The token is shown this once.")


@member.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="GROUP=ROLE", help="May be repeated.")
@click.option("--member", "member_id", metavar="ID", help="A new way in for a member who has lost theirs.")
@with_hub(admin=True)
@json_option
def invite(name: str, roles: tuple[str, ...], member_id: str | None, *, hub: Hub, as_json: bool) -> None:
    """Make a link by which somebody comes in on the pages, once, within three days.

    They choose a passkey, or a password with codes. The link is shown this once; whoever has it can come
    in as them.

    \b
    Examples:
      relay member invite "Ada" --role hackney=dispatcher --role southwark=verifier
      relay member invite "Ada" --member mabcd2345
    """
    wanted = dict(_role(role) for role in roles)
    if bool(wanted) == bool(member_id):
        raise Failure("Say with --role what they will be, or with --member who it is.", EXIT_USAGE)
    _known(wanted, hub)
    made = hub.invite(name, wanted, member_id)
    if as_json:
        put_json(made)
        return
    facts({"member": made["member"], "link": made["link"], "until": made["until"]})
    note("The link is shown this once. Send it privately.")


@member.command(name="roles")
@json_option
def show_roles(*, as_json: bool) -> None:
    """Who may do what: the table by which the relay decides.

    \b
    Example:
      relay member roles
    """
    from shared.permissions import ROLES as COLUMNS
    from shared.permissions import table as acts

    if as_json:
        put_json([{"act": a, "what": w, "roles": _may(m)} for a, w, m in acts()])
        return
    rows = [(act, *("yes" if it else "" for it in may)) for act, _, may in acts()]
    table("Who may do what", ("act", *COLUMNS), rows)


def _may(flags: tuple[bool, ...]) -> list[str]:
    return [role for role, may in zip(ROLES, flags, strict=True) if may]


def _role(text: str) -> tuple[str, str]:
    group, _, role = text.partition("=")
    if not group or role not in ROLES:
        raise Failure(f"--role {text}: write GROUP=ROLE with a role of {', '.join(ROLES)}.", EXIT_USAGE)
    return group, role


def _known(roles: dict[str, str], hub: Hub) -> None:
    """Refuse a group that there is not: the person would wait for alerts that never come."""
    from difflib import get_close_matches

    there = {str(group["id"]) for group in hub.groups()} | {"hub"}
    for group in roles.keys() - there:
        near = get_close_matches(group, there, n=1)
        hint = f" Did you mean {near[0]}?" if near else " `relay group list` shows them."
        raise Failure(f"--role {group}={roles[group]}: there is no group {group}.{hint}", EXIT_USAGE)


@member.command(name="list")
@with_hub(admin=True)
@json_option
def list_(*, hub: Hub, as_json: bool) -> None:
    """Who may act now.

    \b
    Example:
      relay member list --json
    """
    members = hub.members()
    if as_json:
        put_json(members)
        return
    rows = [
        (m.get("member"), m.get("name"), _roles(m.get("roles") or {}), ", ".join(m.get("signs_in") or ()))
        for m in members
    ]
    table("Members", ("id", "name", "roles", "signs in by"), rows)


def _roles(roles: dict[str, str]) -> str:
    return ", ".join(f"{group}={role}" for group, role in sorted(roles.items()))


@member.command()
@click.argument("member_id", metavar="ID")
@with_hub(admin=True)
@json_option
def revoke(member_id: str, *, hub: Hub, as_json: bool) -> None:
    """Let somebody act no longer; their token is refused from now on.

    \b
    Example:
      relay member revoke mabcd2345
    """
    from urllib.parse import quote

    answer = hub.at_desk("DELETE", f"/v1/members/{quote(member_id, safe='')}")
    if as_json:
        put_json(answer)
    else:
        say(f"{member_id} may act no longer.")


@member.command(name="enrol-chat")
@with_hub()
@json_option
def enrol_chat(*, hub: Hub, as_json: bool) -> None:
    """Let a chat account of yours act for you: the code to send from it is shown this once.

    \b
    Example:
      relay member enrol-chat
    """
    offered = hub.at_desk("POST", "/v1/account/chat")
    if as_json:
        put_json(offered)
        return
    say(offered["code"])
    note(
        f"Send exactly this to the hub's bot or number, in private, within {offered['minutes']} minutes. "
        "Then write LIST there."
    )


@member.command(name="leave-chat")
@with_hub()
@json_option
def leave_chat(*, hub: Hub, as_json: bool) -> None:
    """Let no chat account act for you any more: a phone is lost, or given away.

    \b
    Example:
      relay member leave-chat
    """
    answer = hub.at_desk("DELETE", "/v1/account/chat")
    if as_json:
        put_json(answer)
    else:
        say("No chat account acts for you any more.")
