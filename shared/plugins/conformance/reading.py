"""What a bridge keeps that reads its source, tried against a stand-in of that source."""

import asyncio
import random
from typing import Any, Final

from shared.errors import SettingsError
from shared.plugins.conformance import hostile
from shared.plugins.conformance.bridge_case import ReadingCase
from shared.plugins.conformance.common import COMMON
from shared.plugins.conformance.criteria import Broken, NotTried, Suite, must
from shared.plugins.conformance.saying import Overheard
from shared.plugins.conformance.scene import PATIENCE_S, STOPS_S, raised_by, scene
from shared.plugins.spec import BadCredentials, IncomingReport, RetryLater, WritesBack

READING: Final = Suite(COMMON)
_ROUNDS: Final = 20


@READING.at("experimental")
async def it_says_when_it_is_connected(case: ReadingCase) -> None:
    """It says so as soon as its source is being read.

    Call `host.connected()` once the connection stands, or the first answer came.
    """
    async with scene(case) as at, at.reading() as reading:
        await at.until(at.host.is_connected.is_set, reading, "it never said host.connected()")


@READING.at("experimental")
async def each_capture_is_one_report(case: ReadingCase) -> None:
    """Each captured message becomes one report, with an id and words or a place.

    Put a captured message into `fixtures/`, and hand what it says to `await host.take(IncomingReport(…))`.
    """
    must(case.messages, "the case holds no captured message")
    for name, message in case.messages.items():
        report = await _report_of(case, name, message)
        must(report.source_id, f"{name}: source_id is empty")
        must(report.text or report.lat is not None, f"{name}: neither text nor place")


@READING.at("experimental")
async def the_same_message_has_the_same_id(case: ReadingCase) -> None:
    """A message that is told again, after a restart too, is the same report.

    Take `source_id` from the message; where it has none, make one of its own time, sender and words.
    """
    for name, message in case.messages.items():
        one, other = await _report_of(case, name, message), await _report_of(case, name, message)
        must(one.source_id == other.source_id, f"{name}: told twice, it has two ids")


@READING.at("good")
async def different_messages_have_different_ids(case: ReadingCase) -> None:
    """Two messages are two reports.

    Capture two messages at least, and take the id that the source calls unique.
    """
    must(len(case.messages) > 1, "the case holds one captured message; two are needed")
    ids = [(await _report_of(case, name, m)).source_id for name, m in case.messages.items()]
    must(len(set(ids)) == len(ids), "two captured messages have one id")


@READING.at("good")
async def a_source_that_is_away_is_tried_again(case: ReadingCase) -> None:
    """Where nobody listens, it says so and does not raise.

    Catch `OSError` and `aiohttp.ClientError` around what you open, and return `RetryLater("…")`.
    """
    async with scene(case) as at:
        bridge = at.make()
        await at.source.stop()
        async with at.reading(bridge) as reading:
            _must_be(RetryLater, await _end_of(case, reading, "it waits although nobody listens"))


@READING.at("good")
async def a_broken_connection_is_made_anew(case: ReadingCase) -> None:
    """When the source breaks off, it says so, and reads on when it is called again.

    Return `RetryLater("…")` at the end of the stream; keep nothing that makes the next `read` fail.
    """
    first, second = _two(case)
    async with scene(case) as at, at.kept_reading() as reading:
        await at.say(first)
        await at.until(lambda: at.host.taken, reading, "the first message did not arrive")
        ids = _ids(at.host.taken)
        await at.source.break_off()
        await at.say(second)
        await at.until(lambda: _ids(at.host.taken) - ids, reading, "after a break nothing arrives any more")


@READING.at("good")
async def credentials_that_nobody_knows_are_told(case: ReadingCase) -> None:
    """Where its source does not know it, it says that a person must act.

    Return `BadCredentials()` when the source refuses the login (401, 403).
    """
    if not case.secrets:
        raise NotTried("its source wants no credentials")
    async with scene(case) as at:
        bridge = case.make(at.source, case.unknown)
        async with at.reading(bridge) as reading:
            _must_be(BadCredentials, await _end_of(case, reading, "it goes on although it is refused"))


@READING.at("good")
async def a_missing_secret_is_a_settings_error(case: ReadingCase) -> None:
    """A secret that is not set stops the start with a sentence.

    Resolve the secrets in `__init__`, and let `SettingsError` pass.
    """
    if not case.secrets:
        raise NotTried("it has no secrets")
    async with scene(case) as at:
        try:
            case.make(at.source, {})
        except SettingsError:
            return
    raise Broken("it starts without its secret")


@READING.at("good")
async def it_stops_when_it_is_told_to(case: ReadingCase) -> None:
    """Cancelled, it ends, and can be begun anew.

    Never catch `CancelledError` or `BaseException`; close what you opened in `finally`.
    """
    async with scene(case) as at:
        for _ in range(2):
            at.host.is_connected.clear()
            async with at.reading() as reading:
                await at.until(at.host.is_connected.is_set, reading, "it never said host.connected()")
                reading.cancel()
                done, _ = await asyncio.wait({reading}, timeout=STOPS_S)
                must(done, "it goes on although it was cancelled")


@READING.at("good")
async def what_is_not_stored_is_told_again(case: ReadingCase) -> None:
    """A message that could not be stored before a crash comes once more, where its source can tell it again.

    Acknowledge, or move on in the source, only after `await host.take(…)` has returned.
    """
    if not case.tells_again:
        said = case.plugin.spec.while_away.strip()
        must(said, "its source tells nothing again, and spec.while_away does not say what is lost")
        raise NotTried("its source tells nothing again; spec.while_away says what is lost")
    message = next(iter(case.messages.values()))
    async with scene(case) as at:
        at.host.stores.clear()
        async with at.reading() as reading:
            await at.say(message)
            await at.until(lambda: at.host.asked, reading, "the message did not arrive")
        at.host.stores.set()
        async with at.kept_reading() as reading:
            await at.until(lambda: at.host.taken, reading, "what was not stored never came again")


@READING.at("good")
async def hostile_messages_stop_nothing(case: ReadingCase) -> None:
    """Whatever the source says, it is counted or passed by, and the next message arrives.

    Catch `ValueError` and `RecursionError` where you parse, read each value with `text_in`, `object_in` and
    `moment_in` (`datetime.fromtimestamp` raises `OverflowError`, too), and bound what is read.
    """
    first, good = _two(case)
    rng = random.Random(5)  # noqa: S311 - the same input at every run
    bodies = [*hostile.NASTY_BODIES, *(hostile.any_bytes(rng) for _ in range(_ROUNDS))]
    for _ in range(_ROUNDS):
        bodies += hostile.spoilt(rng, first)
    bodies += hostile.each_field_spoilt(first)
    wanted = (await _report_of(case, "the second capture", good)).source_id
    async with scene(case) as at, at.kept_reading() as reading:
        for body in bodies:
            await at.say(body)
        await at.say(good)
        await at.until(
            lambda: wanted in _ids(at.host.taken), reading, "after hostile messages nothing arrives any more"
        )


@READING.at("good")
async def nothing_private_is_shown(case: ReadingCase) -> None:
    """No secret and no word of a message stands in logs, outcomes, or what is printed of it.

    Log constants and counts; keep secrets in fields of a plain class, or `field(repr=False)`.
    """
    with Overheard() as overheard:
        async with scene(case) as at:
            bridge = at.make()
            overheard.add(repr(bridge), str(bridge))
            async with at.reading(bridge) as reading:
                for message in case.messages.values():
                    await at.say(message)
                await at.until(lambda: len(at.host.taken) >= len(case.messages), reading, "not all arrived")
                await at.source.stop()
                done, _ = await asyncio.wait({reading}, timeout=STOPS_S)
                overheard.add(repr(reading.result()) if done and not reading.exception() else "")
    must(not overheard.any_of(case.secrets.values()), "a secret is shown")
    must(not overheard.any_of(case.private), "words of a message are shown")


@READING.at("excellent")
def its_page_says_what_becomes_of_messages_while_it_is_away(case: ReadingCase) -> None:
    """Its page says what becomes of messages that come while nobody reads.

    Write it into `spec.while_away` (Markdown).
    """
    must(case.plugin.spec.while_away.strip(), "spec.while_away is empty")


@READING.at("excellent")
async def the_reporter_is_told(case: ReadingCase) -> None:
    """Whoever reports learns that it arrived.

    Give reports a `contact`, and the class `write_back`.
    """
    must(issubclass(case.bridge, WritesBack), "it has no write_back")
    reports = [await _report_of(case, name, message) for name, message in case.messages.items()]
    must(any(report.contact for report in reports), "no captured message gives a contact")


async def _report_of(case: ReadingCase, name: str, message: bytes) -> IncomingReport:
    """The one report of a message, from a source that says nothing else."""
    async with scene(case) as at, at.reading() as reading:
        await at.say(message)
        await at.until(lambda: at.host.taken, reading, f"{name}: no report comes of it")
        return at.host.taken[0]


async def _end_of(case: ReadingCase, reading: asyncio.Task[Any], otherwise: str) -> Any:
    done, _ = await asyncio.wait({reading}, timeout=PATIENCE_S)
    must(done, otherwise)
    if reading.exception() is not None:
        raise raised_by(reading, case.plugin)
    return reading.result()


def _must_be(wanted: type[Any], ended: Any) -> None:
    must(isinstance(ended, wanted), f"read returned {type(ended).__name__}, not {wanted.__name__}")


def _two(case: ReadingCase) -> tuple[bytes, bytes]:
    messages = list(case.messages.values())
    if len(messages) < 2:  # noqa: PLR2004 - a first and a second
        raise NotTried("the case holds one captured message; two are needed")
    return messages[0], messages[1]


def _ids(reports: list[IncomingReport]) -> set[str]:
    return {report.source_id for report in reports}
