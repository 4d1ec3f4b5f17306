"""What a bridge out of process keeps, tried by a stand-in for the front door that it is pointed at.

The bridge is started as a command; each line that its standard input gets is one message of its source.
"""

import asyncio
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from yarl import URL

from alert_relay.kit.outside_scene import AFTER_S, OutsideCase, check_signature, scene
from shared.errors import SettingsError
from shared.plugins.conformance.criteria import Report, Suite, examine, must

OUTSIDE: Final = Suite()
_FIRST: Final = "Two vans in Ashwin Street E8 3DL marker-one"
_SECOND: Final = "They ask for papers at the shop marker-two"
_NASTY: Final = 'marker-three "quoted" \\ back {braces} $HOME `id` \'; é ☃ <b> %s &amp;'


def checked_outside(url: str, command: Sequence[str]) -> Report:
    """Try everything on a bridge that is started by this command. Raises `SettingsError`."""
    at = URL(url)
    if at.host not in {"127.0.0.1", "localhost", "::1"} or not at.explicit_port or at.scheme != "http":
        raise SettingsError(f"{url}: name an address of this machine and a free port: http://127.0.0.1:8099")
    if not command or shutil.which(command[0]) is None:
        raise SettingsError("Say how the bridge is started: relay bridge check URL -- python3 my_bridge.py")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", at.explicit_port)) == 0:
            raise SettingsError(f"{url}: something listens there already; name a free port.")
    return asyncio.run(examine_outside(OutsideCase(at, command)))


async def examine_outside(case: OutsideCase) -> Report:
    """Try everything, one after another."""
    return await examine(Path(case.command[-1]).name, OUTSIDE, case)


@OUTSIDE.at("experimental")
async def a_message_becomes_a_report(case: OutsideCase) -> None:
    """Each message of its source becomes one report by POST /v1/reports.

    Send JSON as `/v1/reports` wants it, to the address in RELAY_URL.
    """
    async with scene(case) as at:
        await at.say(_FIRST, _SECOND)
        await at.until(
            lambda: at.door.of("marker-one") and at.door.of("marker-two"), "not both messages came"
        )
        must(
            {call.path for call in at.door.calls} == {"/v1/reports"}, "it calls another path than /v1/reports"
        )
        must(len(at.door.calls) == 2, "what was stored at once is sent again")  # noqa: PLR2004 - two were said


@OUTSIDE.at("experimental")
async def each_message_has_an_id_of_its_own(case: OutsideCase) -> None:
    """Each message has an id, told again after a restart too, and no other has it.

    Give the source's own id as webhook-id; without one a hash of the message.
    """
    ids: list[list[str]] = []
    for _ in range(2):
        async with scene(case) as at:
            await at.say(_FIRST, _SECOND)
            await at.until(lambda: len(at.door.calls) > 1, "not both messages came")
            ids.append([call.id for call in at.door.calls])
    must(all(ids[0]) and len(set(ids[0])) == len(ids[0]), "an id is missing, or two messages have the same")
    must(ids[0] == ids[1], "told again after a restart, a message has another id")


@OUTSIDE.at("good")
async def every_request_is_signed(case: OutsideCase) -> None:
    """Every request is signed with the bridge's own key, over the very bytes, about now.

    Sign `id.timestamp.body` with Ed25519, as examples/bridges does; sign a repetition anew.
    """
    async with scene(case) as at:
        at.door.answers = [503]
        await at.say(_FIRST)
        await at.until(lambda: len(at.door.of("marker-one")) > 1, "after a 503 it does not come again")
        for call in at.door.calls:
            check_signature(at.key, call)


@OUTSIDE.at("good")
async def what_is_not_stored_comes_again(case: OutsideCase) -> None:
    """After a 503, after a connection that broke: the same message comes again, with the same id and words.

    Take nothing but a 202 as stored; keep the id and the body for every attempt.
    """
    for answer in (503, None, 500):
        async with scene(case) as at:
            at.door.answers = [answer]
            await at.say(_FIRST)
            await at.until(
                lambda: len(at.door.of("marker-one")) > 1,
                f"after {answer or 'a broken connection'} it does not come again",
            )
            first, again = at.door.of("marker-one")[:2]
            must((first.id, first.body) == (again.id, again.body), "it comes again with another id or body")


@OUTSIDE.at("good")
async def it_waits_as_long_as_it_is_asked_to(case: OutsideCase) -> None:
    """When the relay says how long to wait, it waits at least so long.

    Read Retry-After (seconds) of a 429 and a 503.
    """
    async with scene(case) as at:
        at.door.answers = [429]
        await at.say(_FIRST)
        await at.until(lambda: len(at.door.of("marker-one")) > 1, "after a 429 it does not come again")
        first, again = at.door.of("marker-one")[:2]
        must(again.at - first.at >= AFTER_S * 0.9, "it comes again before Retry-After is over")


@OUTSIDE.at("good")
async def a_refused_message_stops_no_other(case: OutsideCase) -> None:
    """What the relay refuses for good is passed by, and the next message comes.

    A 400, 409, 413 or 422 will be the same at every attempt: count it and go on.
    """
    async with scene(case) as at:
        at.door.answers = [422]
        await at.say(_FIRST, _SECOND)
        await at.until(lambda: at.door.of("marker-two"), "after a 422 the next message does not come")


@OUTSIDE.at("good")
async def hostile_words_arrive_whole(case: OutsideCase) -> None:
    """Whatever stands in a message, its words arrive as they are.

    Build the JSON with a library, and hand no word to a shell.
    """
    async with scene(case) as at:
        await at.say(_NASTY)
        await at.until(lambda: at.door.calls, "a message with quotes and signs does not come")
        must(at.door.calls[0].text == _NASTY, "its words are changed on the way, or it is no report")


@OUTSIDE.at("good")
async def nothing_private_is_shown(case: OutsideCase) -> None:
    """No word of a message stands in what it prints.

    Print constants, statuses and counts.
    """
    async with scene(case) as at:
        at.door.answers = [422, 503]
        await at.say(_FIRST, _SECOND)
        await at.until(lambda: len(at.door.of("marker-two")) > 1, "not both messages came")
        await at.stopped()
        must(b"marker" not in at.output, "it prints words of a message")


@OUTSIDE.at("good")
async def it_stops_when_it_is_told_to(case: OutsideCase) -> None:
    """Told to end, it ends within five seconds, though the relay be away.

    Let SIGTERM end it; catch it only to tidy up.
    """
    async with scene(case) as at:
        at.door.answers = [503] * 99
        await at.say(_FIRST)
        await at.until(lambda: at.door.calls, "the message does not come")
        must(await at.stopped() is not None, "it goes on although it was told to end")


@OUTSIDE.at("good")
async def a_key_that_nobody_knows_is_told(case: OutsideCase) -> None:
    """Where the relay does not know its key, it ends with an error, so that a person sees it.

    End with an exit code other than 0 after a 401 or 403.
    """
    async with scene(case) as at:
        at.door.answers = [401] * 99
        await at.say(_FIRST)
        await at.until(lambda: at.process.returncode is not None, "it goes on although its key is refused")
        must(at.process.returncode, "it ends as if all were well although its key is refused")
