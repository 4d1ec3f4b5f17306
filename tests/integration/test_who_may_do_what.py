"""The one table role by act, tried by every way there is: what it forbids is refused in plain words by page,
API, chat and command, and changes nothing; what it allows is never refused for the role.

The router decides, and each way meets it on its own path; so each is tried for itself.
"""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner

from alert_relay.cli import group, relay
from alert_relay.client import SaidNoError
from services.console.account.pages import WORDS as ACCOUNT
from services.console.group import testing
from services.console.group.pages import WORDS as GROUP
from services.console.models import CommandName
from services.console.web.desk.words import DESK
from shared.contracts.alerts import AlertRaised, ReplyBody
from shared.contracts.base import Message
from shared.contracts.groups import GroupDefinition
from shared.contracts.incidents import IncidentRejected
from shared.permissions import ALLOWED, OWN
from shared.words.desk_words import KEYWORDS as EVERY_KEYWORD
from shared.words.replies import reply
from tests.rigs import every_way as ways
from tests.rigs.every_way import GONE, OUTSIDE, ROLES, Door, Hub, may

FORBIDDEN = {
    "role_too_low", "not_your_group", "only_operators", "settings_are_the_groups", "words_are_the_groups",
}  # fmt: skip
NOTHING_THERE = {
    "no_such_incident",
    "unknown_shift",
    "unknown_member",
    "unknown_report",
    "not_held",
    "not_muted",
}
"""What somebody of another group is told: they do not even learn that it is there."""
NOBODY = {"token_unknown", "token_missing", "session_over", "not_a_member"}
READS = {
    "desk list", "desk show", "desk aftercare", "desk card", "duty list", "status", "group list",
    "member list", "bridge list", "bridge test", "explain", "report", "ledger", "kill-switch status",
    "dead list", "dead show",
}  # fmt: skip
"""Commands that change nothing at the desk; what they show is checked in tests/unit/console/test_roles.py."""
NO_MEMBERS_ACT = {
    "POST /sign-in", "POST /sign-in/passkey/question", "POST /sign-in/passkey", "POST /sign-out",
    "POST /invite/{secret}/password", "POST /invite/{secret}/passkey/question",
    "POST /invite/{secret}/passkey", "POST /account/sign-out-everywhere", "POST /v1/desk/{command}/preview",
    "POST /post/{code}/{post}/{key}/join", "POST /post/{code}/{post}/{key}/{tag}/{act}",
}  # fmt: skip
"""Coming in, going out, a preview (it stores nothing), and what a post's link lets anybody do who has it."""


@dataclass(frozen=True)
class Answer:
    """How an act ended: done or not, by which code, in which words."""

    ok: bool
    code: str
    words: str


@pytest.fixture
async def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    # Nobody here answers a channel's test, so nobody waits for it.
    monkeypatch.setattr(testing, "WAIT_S", 0.0)
    monkeypatch.setattr(group, "_ANSWER_S", 0.0)
    async with ways.every_way(tmp_path) as found:
        yield found


def refusals_of(who: str) -> set[str]:
    """By which codes somebody may be refused for who they are."""
    outside = dict.fromkeys((OUTSIDE, "op"), FORBIDDEN | NOTHING_THERE)
    return {GONE: NOBODY, **outside}.get(who, FORBIDDEN)


def wrong(who: str, answer: Answer, *, theirs: bool) -> str | None:
    """What is wrong with the answer, if anything; `theirs`: the table lets them."""
    refused = not answer.ok and answer.code in refusals_of(who)
    if theirs:
        unsound = answer.code in {"invalid", "not_json", "unknown_command", "not_found"}
        return "refused for the role" if refused else "asked in the wrong way" if unsound else None
    if not refused:
        return "not refused"
    return None if re.fullmatch(r"[A-Z][^_{}]+[.!]", answer.words) else "not in plain words"


# --- nothing is forgotten ------------------------------------------------------------------------


def test_every_act_has_its_doors() -> None:
    acts = set().union(*ALLOWED.values(), OWN)
    by_api_or_page = {door.sort for door in (*ways.api(), *ways.pages())}
    assert by_api_or_page == acts
    assert set(ways.KEYWORDS) | {"LIST", "YES", "NO"} == set(EVERY_KEYWORD)


async def test_every_door_is_tried(hub: Hub) -> None:
    there = {
        f"{route.method} {route.resource.canonical}"
        for route in hub.rig.app.router.routes()
        if route.method not in {"GET", "HEAD"} and route.resource
    }
    assert {pattern_of(hub, door) for door in (*ways.api(), *ways.pages())} | NO_MEMBERS_ACT == there | {
        "GET /desk/{code}/{act}"
    }
    assert {d.path.rpartition("/")[2] for d in ways.api() if "/v1/desk/" in d.path} == set(
        get_args(CommandName)
    )


def pattern_of(hub: Hub, door: Door) -> str:
    """The route that a door stands in."""
    path = door.path.format_map({**hub.facts, "victim": "mvictim"})
    for route in hub.rig.app.router.routes():
        if route.method == door.method and route.resource and route.resource.get_info().get("path") == path:
            return f"{door.method} {path}"
        pattern = route.resource.get_info().get("pattern") if route.resource else None
        if route.method == door.method and pattern and pattern.fullmatch(path) and route.resource:
            return f"{door.method} {route.resource.canonical}"
    return f"no route: {door.method} {path}"


def test_every_command_is_tried() -> None:
    tried = {" ".join(text.split()[: len(path)]) for _, text in ways.COMMANDS for path in [path_of(text)]}
    assert tried | READS == {" ".join(path) for path, leaf in leaves(relay) if is_of_a_member(leaf)}


def path_of(text: str) -> tuple[str, ...]:
    return next(path for path, _ in leaves(relay) if tuple(text.split()[: len(path)]) == path)


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the command line."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from leaves(found, (*path, name))
        elif found is not None:
            yield (*path, name), found


def is_of_a_member(command: click.Command) -> bool:
    return any(option.name == "token_file" for option in command.params)


# --- the four ways -------------------------------------------------------------------------------


async def tried(hub: Hub, doors: Any, give: Any) -> list[str]:
    """Try all that is forbidden, see that nothing came of it, then all that is allowed; what went wrong."""
    before = await hub.incident()
    found = []
    for allowed in (False, True):
        for door in doors:
            for who in ROLES:
                theirs = may(who, door[0]) and who in getattr(door[1], "only", ROLES)
                if theirs is allowed:
                    answer = await give(hub, who, door[1])
                    if fault := wrong(who, answer, theirs=theirs):
                        found.append(f"{who}: {door[1]}: {fault}: {answer}")
        if not allowed:
            assert changed(before, await hub.incident()) == {}
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs in an incident, beside that a verifier's NOT is noted."""
    steps = [s for s in after["timeline"] if s not in before["timeline"] and s["what"] != "noted"]
    kept = {
        n: v
        for n, v in after.items()
        if n not in {"timeline", "version", "alerts", "reasons"} and before.get(n) != v
    }
    return {**kept, **({"timeline": steps} if steps else {})}


async def by_api(hub: Hub, who: str, door: Door) -> Answer:
    path, body = await hub.filled(door.path), await hub.filled(door.body)
    options = {} if door.method == "DELETE" else {"json": body}
    status, said = await hub.rig.ask(door.method, path, hub.desk.tokens[who], **options)
    return Answer(status < 300, str(said.get("code", "")), str(said.get("detail", "")))


async def test_by_the_api(hub: Hub) -> None:
    faults = await tried(hub, [(door.sort, door) for door in ways.api()], by_api)
    assert not faults, "\n".join(faults)


async def by_page(hub: Hub, who: str, door: Door) -> Answer:
    path, fields = await hub.filled(door.path), await hub.filled(door.body)
    headers = {**hub.browsers[who], "Sec-Fetch-Site": "same-origin"}
    options: dict[str, Any] = {"data": fields} if door.method == "POST" else {}
    async with hub.rig.http.request(
        door.method, hub.rig.url + path, headers=headers, allow_redirects=False, **options
    ) as response:
        text = await response.text()
    if response.headers.get("Location", "").startswith("/sign-in"):
        return Answer(ok=False, code="session_over", words="You are led to the door.")
    return Answer(response.status < 400, *said_on(text, response.status))


def said_on(page: str, status: int) -> tuple[str, str]:
    """The code and the words of a refusal, found by the sentences of the catalogs."""
    if status < 400:
        return "", ""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    for words, prefix in ((DESK, "refused_"), (ACCOUNT, "problem_"), (GROUP, "problem_")):
        for key in words.keys("en"):
            if key.startswith(prefix) and words.say("en", key) in text:
                return key.removeprefix(prefix), words.say("en", key)
    return str(status), text


async def test_by_the_pages(hub: Hub) -> None:
    faults = await tried(hub, [(door.sort, door) for door in ways.pages()], by_page)
    assert not faults, "\n".join(faults)


async def by_command(hub: Hub, who: str, text: str) -> Answer:
    words = [await hub.filled(word) for word in text.split()]
    env = {
        "RELAY_TOKEN": hub.desk.tokens[who],
        "RELAY_CONSOLE_URL": hub.rig.url,
        "RELAY_HOME": "/nonexistent",
    }
    run = CliRunner(env=env).invoke
    result = await asyncio.to_thread(run, relay, words, standalone_mode=False)
    error = result.exception
    if error is None or isinstance(error, SystemExit):
        return Answer(ok=True, code="", words=result.output)
    said = error.__context__
    code = said.code if isinstance(said, SaidNoError) else f"not_found {error!r}"
    assert not isinstance(said, SaidNoError) or getattr(error, "exit_code", 0) == 1
    return Answer(ok=False, code=code if code.isidentifier() else "not_found", words=str(error))


async def test_by_the_command_line(hub: Hub) -> None:
    faults = await tried(hub, list(ways.COMMANDS), by_command)
    assert not faults, "\n".join(faults)


# --- by chat -------------------------------------------------------------------------------------

CHAT_REFUSALS = {
    "role": "role_too_low",
    "unknown_code": "no_such_incident",
    "not_enrolled": "not_a_member",
}
SHOWN = GroupDefinition(id="hackney", name="Hackney")


def in_words(events: list[Message], body: ReplyBody) -> str:
    raised = next(e for e in events if isinstance(e, AlertRaised) and e.body == body)
    return reply(raised, body, SHOWN, base_url="https://hub.example")[0]


async def by_chat(hub: Hub, who: str, keyword: str) -> Answer:
    events, body = await hub.chat(who, f"{keyword} {hub.facts['code']}")
    if body is None:
        # Whoever is no member is answered a few times an hour, and then no more.
        return Answer(ok=False, code="not_a_member", words="Nothing is answered.")
    if keyword == "NOT" and who == "Vera" and body.answer == "noted":
        # Hers is a note for the desk: it decides nothing.
        assert not any(isinstance(event, IncidentRejected) for event in events)
        return Answer(ok=False, code="role_too_low", words="Noted for the desk.")
    refused = CHAT_REFUSALS.get(body.answer)
    return Answer(
        refused is None and body.answer not in {"failed", "status"},
        refused or body.answer,
        in_words(events, body).replace(hub.facts["code"], "It"),
    )


async def test_by_chat(hub: Hub) -> None:
    faults = await tried(hub, [(sort, keyword) for keyword, sort in ways.KEYWORDS.items()], by_chat)
    assert not faults, "\n".join(faults)


async def test_by_chat_from_somebody_who_never_enrolled(hub: Hub) -> None:
    before = await hub.incident()
    for keyword in ways.KEYWORDS:
        _, body = await hub.chat(f"stranger-{keyword}", f"{keyword} {hub.facts['code']}")
        assert body is None or body.answer == "not_enrolled", keyword
    assert changed(before, await hub.incident()) == {}
