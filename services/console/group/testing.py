"""Trying a channel: from the button or the command line to the notifier and back with the provider's answer.

The console has no secrets and sends nothing itself; it asks, and reads in the read model what became of it.
"""

import asyncio
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from services.console.account.attempts import attempt
from services.console.decide.group.answers import ChannelTest, as_json, latest_test
from services.console.decide.sentences import sentence
from services.console.door import CONSOLE, actor_of, body_of
from services.console.group.pages import Scope, scope
from services.console.models import TestRequest
from services.console.news import within
from services.console.submit import command_id, stored_id, submit
from services.console.who_may import role_problem
from shared.contracts.base import HUB, GroupId
from shared.contracts.catalog import decode
from shared.contracts.desk import DefineGroup, KillSwitch, TestChannel
from shared.errors import BusError, MalformedMessageError
from shared.http import Problem

WAIT_S: Final = 8.0
"""How long an answer is waited for before the page says that it is still under way."""
_LOOK_S: Final = 0.5


async def post_test(request: web.Request) -> web.Response:
    """`POST /v1/groups/…/channels/…/test`: try it, and wait a while for the answer."""
    found = await _scope(request)
    asked = await body_of(request, TestRequest)
    test = await try_channel(request, found, request.match_info["channel"], given=asked.id)
    return await _answer(found, test)


async def get_test(request: web.Request) -> web.Response:
    """`GET` of the same: the latest test."""
    found = await _scope(request)
    channel = request.match_info["channel"]
    test = (await tests_of(found)).get(channel)
    if test is None:
        raise Problem(404, "never_tested", "This channel was never tested; test it.")
    return await _answer(found, test)


async def try_channel(
    request: web.Request, found: Scope, channel: str, *, given: str | None = None
) -> ChannelTest | None:
    """Try a channel; the test as far as it has come. Raises a 429 problem for whoever does so too often."""
    await attempt(request, "channel_test", f"{found.id}.{channel}")
    before = await found.console.store.one(f"channel_test:{found.id}.{channel}")
    command = _command(found, channel, stored_id(found.actor.member, command_id(given)))
    await submit(found.console, command, body=channel)
    # The same id again is the same test: then there is no newer one to wait for.
    older = before["alert_id"] if before and given is None else None
    return await _answered(found, channel, older)


def _command(found: Scope, channel: str, name: str) -> TestChannel:
    """The command; raises a 404 problem for what no channel can be called."""
    actor, now = found.actor, found.console.clock.now()
    try:
        return TestChannel(id=name, at=now, member=actor.member, group=GroupId(found.id), channel=channel)
    except ValidationError:
        raise Problem(404, "unknown_channel", sentence("unknown_channel")) from None


async def tests_of(found: Scope) -> dict[str, ChannelTest]:
    """The latest test of each channel that was ever tested."""
    channels = [c["id"] for c in found.group.get("channels", ())]
    tests = [await test_of_channel(found, channel) for channel in channels]
    return {test.channel: test for test in tests if test}


async def test_of_channel(found: Scope, channel: str) -> ChannelTest | None:
    """The latest test of a channel."""
    store = found.console.store
    test = await store.one(f"channel_test:{found.id}.{channel}")
    alert = await store.one(f"alert:{test['alert_id']}") if test else None
    return latest_test(found.group, channel, test, alert)


async def held_by(found: Scope) -> str | None:
    """Which kill switch keeps the group from sending: `hub_stopped`, `group_stopped`, or None."""
    for group, why in ((HUB, "hub_stopped"), (found.id, "group_stopped")):
        try:
            entry = await found.console.bus.last("DESK", f"desk.v1.{group}.kill_switch")
            command = decode(entry) if entry is not None else None
        except (BusError, MalformedMessageError):
            return "switch_unreadable"
        if isinstance(command, KillSwitch) and command.stopped:
            return why
    return None


async def _answered(found: Scope, channel: str, older: str | None) -> ChannelTest | None:
    """The new test, once it has ended or the patience has."""
    loop, console = asyncio.get_running_loop(), found.console
    deadline = loop.time() + WAIT_S
    while True:
        heard = console.news.next()
        now = await console.store.one(f"channel_test:{found.id}.{channel}")
        test = await test_of_channel(found, channel) if now and now["alert_id"] != older else None
        left = deadline - loop.time()
        over = (test and test.outcome != "pending") or left <= 0 or console.stopping.is_set()
        if over or (test and await held_by(found)):
            return test
        await within(heard, min(left, _LOOK_S))


async def _scope(request: web.Request) -> Scope:
    actor, name = await actor_of(request), request.match_info["group"]
    if not actor.runs(name):
        raise await role_problem(request.app[CONSOLE], actor.roles, DefineGroup, [name])
    return await scope(request.app[CONSOLE], actor, name)


async def _answer(found: Scope, test: ChannelTest | None) -> web.Response:
    if test is None:
        raise Problem(
            503, "not_decided", "The test is stored and not begun yet; look again.", retry_after_s=2
        )
    held = await held_by(found) if test.outcome == "pending" else None
    return web.json_response(as_json(test, held), status=202 if test.outcome == "pending" else 200)
