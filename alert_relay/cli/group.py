"""`relay group`: check group files, apply them, list the groups in force, try their channels."""

import time
from pathlib import Path
from typing import Any, Final

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
from alert_relay.cli.root import NearestGroup
from alert_relay.client import Hub

_ANSWER_S: Final = 75.0
"""A test is given up after a minute; then it has an answer."""
_LOOK_S: Final = 1.0
FILES = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))


@click.group(cls=NearestGroup, short_help="Check, apply and list groups; test channels.")
def group() -> None:
    """A group is a file: its area, policy and channels.

    \b
    Examples:
      relay group check examples/networks
      relay group apply examples/networks/london/hackney.yaml
      relay group list
    """


@group.command()
@FILES
@json_option
def check(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Name file, line, key and remedy of every mistake. Exit code 1 if there is one.

    \b
    Examples:
      relay group check my-group.yaml
      relay group check examples/networks --json
    """
    from alert_relay.groupfile import find_group_files, read_group_files

    files = find_group_files(paths)
    if not files:
        raise Failure("There is no .yaml file in that folder.", EXIT_USAGE)
    groups, mistakes = read_group_files(files)
    if as_json:
        keys = ("line", "key", "message")
        found = [{"file": str(m.file), **{key: getattr(m, key) for key in keys}} for m in mistakes]
        put_json({"groups": [g.definition.id for g in groups], "mistakes": found})
    else:
        _tell_check(groups, mistakes)
    raise SystemExit(EXIT_REFUSED if mistakes else 0)


def _tell_check(groups: list[Any], mistakes: list[Any]) -> None:
    for mistake in mistakes:
        say(str(mistake))
    sound = ", ".join(g.definition.id for g in groups) or "none"
    counted = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    note(f"{counted}; sound: {sound}")


@group.command()
@FILES
@with_hub(admin=True)
@json_option
def apply(paths: tuple[Path, ...], *, hub: Hub, as_json: bool) -> None:
    """Put groups in force, without a restart. Nothing is applied while any file has a mistake.

    \b
    Examples:
      relay group apply my-group.yaml
      relay group apply examples/networks
    """
    from alert_relay.groupfile import find_group_files, load_group_files
    from alert_relay.supervisor.groups import put_groups

    groups = load_group_files(find_group_files(paths))
    before = {g["id"]: g for g in hub.groups()}
    changed = put_groups(hub, groups)
    report = [{"group": g.definition.id, "changed": _change(g, before, changed)} for g in groups]
    if as_json:
        put_json(report)
        return
    for line in report:
        say(f"{line['group']}: {line['changed']}")


def _change(group_file: Any, before: dict[str, Any], changed: list[str]) -> str:
    name = group_file.definition.id
    if name not in before:
        return "new"
    if name not in changed:
        return "unchanged"
    old = before[name].get("definition") or {}
    new = group_file.definition.model_dump(mode="json")
    parts = [key.replace("_", " ") for key in new if key in old and old[key] != new[key]]
    return f"changed: {', '.join(parts) or 'channels'}"


@group.command(name="test-channel")
@click.argument("name", metavar="GROUP")
@click.argument("channel")
@with_hub(admin=True)
@json_option
def test_channel(name: str, channel: str, *, hub: Hub, as_json: bool) -> None:
    """Send a message that says it is a test over one channel. Exit code 1 if it does not arrive.

    \b
    Examples:
      relay group test-channel hackney verifiers-chat
      relay group test-channel hackney verifiers-chat --json
    """
    tell_channel_test(hub, name, channel, as_json=as_json)


def tell_channel_test(hub: Hub, name: str, channel: str, *, as_json: bool) -> None:
    """Test a channel, show what came of it, and end with the code 1 if it did not arrive."""
    tested = _until_answered(hub, name, channel)
    if as_json:
        put_json(tested)
    else:
        _tell_test(tested)
    raise SystemExit(0 if tested["outcome"] == "delivered" else EXIT_REFUSED)


def _until_answered(hub: Hub, name: str, channel: str) -> dict[str, Any]:
    """The test, once it has ended; at once if a kill switch holds it."""
    tested = hub.test_channel(name, channel)
    deadline = time.monotonic() + _ANSWER_S
    while tested["outcome"] == "pending" and not tested["held"] and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        tested = hub.channel_test(name, channel)
    return tested


def _tell_test(tested: dict[str, Any]) -> None:
    for answer in tested["answers"]:
        words = f' The provider said: "{answer["words"]}".' if answer["words"] else ""
        arrived = f" Then: {answer['arrived']} ({answer['arrived_why']})." if answer.get("arrived") else ""
        result = "accepted" if answer["result"] == "delivered" else f"{answer['result']} ({answer['reason']})"
        say(f"recipient {answer['recipient']}: {result}.{words}{arrived}")
    held = f": sending is stopped ({tested['held']})" if tested["held"] else ""
    say(f"{tested['channel']}: {tested['outcome']}{held}")


@group.command(name="list")
@with_hub(admin=True)
@json_option
def list_(*, hub: Hub, as_json: bool) -> None:
    """The groups in force, with their versions.

    \b
    Example:
      relay group list --json
    """
    groups = hub.groups()
    if as_json:
        put_json(groups)
        return
    rows = [(g["id"], _name(g), g.get("version"), ", ".join(_outcodes(g))) for g in groups]
    table("Groups", ("id", "name", "version", "postcode districts"), rows)


def _name(shown: dict[str, Any]) -> str:
    return str((shown.get("definition") or shown).get("name", ""))


def _outcodes(shown: dict[str, Any]) -> list[str]:
    area = (shown.get("definition") or shown).get("area") or {}
    return list(area.get("outcodes") or [])
