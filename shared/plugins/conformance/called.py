"""What a bridge keeps that its source calls."""

import dataclasses
import json
import random
import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from shared.errors import SettingsError
from shared.plugins.conformance import hostile
from shared.plugins.conformance.bridge_case import BridgeCase
from shared.plugins.conformance.common import COMMON
from shared.plugins.conformance.criteria import Broken, Suite, must
from shared.plugins.conformance.saying import Overheard
from shared.plugins.spec import (
    Bridge,
    Ignored,
    IncomingReport,
    Receipt,
    Refused,
    TakesPart,
    WebhookRequest,
    WebhookResponse,
    WritesBack,
)

CALLED: Final = Suite(COMMON)
_ROUNDS: Final = 60
_NASTY_WORDS: Final = "<Response>&\"'\u202e]]> {}"
_CODE: Final = re.compile(r"[a-z0-9_]+")


@CALLED.at("experimental")
def each_capture_is_one_report(case: BridgeCase) -> None:
    """Each captured message becomes one report, with an id and words or a place.

    Capture a real one with `relay bridge record`, and let `parse` read it.
    """
    must(case.bodies, "the case holds no captured body")
    must(isinstance(case.make(), Bridge), "the class lacks parse or answer")
    for name, body in case.bodies.items():
        report = only_report(case, name, body)
        must(report.source_id, f"{name}: source_id is empty")
        must(report.text or report.lat is not None, f"{name}: neither text nor place")


@CALLED.at("experimental")
def the_same_message_has_the_same_id(case: BridgeCase) -> None:
    """The same request is the same report, however often it comes.

    Take `source_id` from the message; a number of your own or the time would make a retry a second report.
    """
    for name, body in case.bodies.items():
        same = only_report(case, name, body) == only_report(case, name, body)
        must(same, f"{name}: read twice, it is two different reports")


@CALLED.at("good")
def different_messages_have_different_ids(case: BridgeCase) -> None:
    """Two messages are two reports.

    Capture two messages at least, and take the id that the source calls unique.
    """
    must(len(case.bodies) > 1, "the case holds one captured body; two are needed")
    ids = [only_report(case, name, body).source_id for name, body in case.bodies.items()]
    must(len(set(ids)) == len(ids), "two captured messages have one id")


@CALLED.at("good")
def a_forged_signature_is_refused(case: BridgeCase) -> None:
    """What somebody else signed is refused.

    Check the signature first, over the very bytes, with `hmac.compare_digest`.
    """
    if not case.secrets:
        raise Broken("it has no secret, so anybody can send it anything")
    for body in case.bodies.values():
        assert_refused(case, case.forged(body))


@CALLED.at("good")
def a_missing_signature_is_refused(case: BridgeCase) -> None:
    """What nobody signed is refused.

    Read the header with `.get(…, "")`, and refuse what does not fit.
    """
    for body in case.bodies.values():
        if case.unsigned is not None:
            assert_refused(case, case.unsigned(body))
            continue
        request = case.signed(body)
        kept = {
            k: v for k, v in request.headers.items() if not k.startswith(("x-", "authorization", "webhook-"))
        }
        assert_refused(case, dataclasses.replace(request, headers=kept))


@CALLED.at("good")
def a_missing_secret_is_a_settings_error(case: BridgeCase) -> None:
    """A secret that is not set stops the start with a sentence.

    Resolve the secrets in `__init__`, and let `SettingsError` pass.
    """
    try:
        dataclasses.replace(case, secrets={}).make()
    except SettingsError:
        return
    raise Broken("it starts without its secret")


@CALLED.at("good")
def any_bytes_are_answered(case: BridgeCase) -> None:
    """Whatever comes signed is answered with a value, never raised.

    Catch `ValueError` and `RecursionError` where you parse, and ask each value for its type.
    """
    rng = random.Random(1)  # noqa: S311 - the same input at every run
    for body in (*hostile.NASTY_BODIES, *(hostile.any_bytes(rng) for _ in range(_ROUNDS))):
        assert_answered(case, case.signed(body))


@CALLED.at("good")
def any_json_is_answered(case: BridgeCase) -> None:
    """JSON of any shape is answered, never raised.

    An object may be a list, a text a number, a number no number: ask with `isinstance` before use.
    """
    try_json(case, random.Random(2))  # noqa: S311 - the same input at every run


@CALLED.at("good")
def a_spoilt_capture_is_answered(case: BridgeCase) -> None:
    """A real message cut short, or with one part replaced, is answered, never raised.

    A field that is missing or of another type is `Refused(422, …)` or `Ignored(…)`.
    """
    try_spoilt(case, random.Random(3))  # noqa: S311 - the same input at every run


@CALLED.at("good")
def a_field_of_any_value_is_answered(case: BridgeCase) -> None:
    """A real message with one field that is huge, no number or of another type is answered, never raised.

    Read times with `moment_in`, texts with `text_in`: `datetime.fromtimestamp` raises `OverflowError`, too.
    """
    for body in case.bodies.values():
        for bad in hostile.each_field_spoilt(body):
            assert_answered(case, case.signed(bad))


@CALLED.at("good")
def any_headers_are_answered(case: BridgeCase) -> None:
    """Headers of any words are answered, never raised.

    Encode a header with `.encode("utf-8", "replace")` before you compare it.
    """
    try_headers(case, random.Random(4))  # noqa: S311 - the same input at every run


@CALLED.at("good")
def its_answer_carries_any_words(case: BridgeCase) -> None:
    """The provider's answer is sound whatever stands in a receipt.

    Build XML or JSON with a library, never by joining texts.
    """
    reports = [only_report(case, name, body) for name, body in case.bodies.items()]
    for told in ([], *([report] for report in reports)):
        receipts = [Receipt("rabc", _NASTY_WORDS, report.contact) for report in told]
        _assert_sound(case, case.make().answer(receipts), told=bool(told))


@CALLED.at("good")
def it_shows_no_secret(case: BridgeCase) -> None:
    """No secret stands in what is printed of the bridge.

    Keep secrets in fields of a plain class, or `field(repr=False)`.
    """
    shown = repr(case.make()) + str(case.make())
    must(not any(secret in shown for secret in case.secrets.values()), "repr() of the bridge shows a secret")


@CALLED.at("good")
def nothing_private_is_shown(case: BridgeCase) -> None:
    """No secret and no word of a message stands in logs, or in what it prints.

    Log constants and counts, or nothing: the host counts what is taken, refused and ignored.
    """
    bridge = case.make()
    with Overheard() as overheard:
        for body in case.bodies.values():
            for request in (case.signed(body), case.forged(body), case.signed(body[: len(body) // 2])):
                bridge.parse(request)
    must(not overheard.any_of((*case.private, *case.secrets.values())), "words or a secret are shown")


@CALLED.at("excellent")
def the_reporter_is_told(case: BridgeCase) -> None:
    """Whoever reports learns that it arrived: by the answer, or by a message of their own.

    Put the receipt's text into `answer`, or give reports a `contact` and the class `write_back`.
    """
    reports = [only_report(case, name, body) for name, body in case.bodies.items()]
    answer = case.make().answer([Receipt("rabc", "receipt-words", report.contact) for report in reports])
    by_message = issubclass(case.bridge, WritesBack) and any(report.contact for report in reports)
    must("receipt-words" in answer.body or by_message, "neither answer nor write_back carries a receipt")


def try_json(case: BridgeCase, rng: random.Random) -> None:
    """Any JSON, signed."""
    for _ in range(_ROUNDS):
        assert_answered(case, case.signed(json.dumps(hostile.any_json(rng)).encode()))


def try_spoilt(case: BridgeCase, rng: random.Random) -> None:
    """Captures spoilt and signed."""
    for body in case.bodies.values():
        for _ in range(_ROUNDS // 2):
            for bad in hostile.spoilt(rng, body):
                assert_answered(case, case.signed(bad))


def try_headers(case: BridgeCase, rng: random.Random) -> None:
    """Any headers, instead of the right ones and beside them."""
    request = case.signed(next(iter(case.bodies.values()), b""))
    spoilt = {name: "\udce9" + value for name, value in request.headers.items()}
    for _ in range(_ROUNDS):
        headers = hostile.any_headers(rng)
        for changed in (headers, {**request.headers, **headers}, spoilt):
            assert_answered(case, dataclasses.replace(request, headers=changed))


def assert_refused(case: BridgeCase, request: WebhookRequest) -> None:
    """Refused with a 4xx that repeats nothing of the request and no secret."""
    refused = case.make().parse(request)
    must(isinstance(refused, Refused), "it is taken")
    _assert_clean(case, refused)


def assert_answered(case: BridgeCase, request: WebhookRequest) -> None:
    """Answered with a value, whatever came."""
    parsed = case.make().parse(request)
    if isinstance(parsed, Refused):
        _assert_clean(case, parsed)
    elif not isinstance(parsed, Ignored):
        must(isinstance(parsed, Iterable), "parse returned neither reports nor Ignored nor Refused")
        must(
            all(isinstance(one, IncomingReport) for one in parsed),
            "parse returned something that is no report",
        )


def _assert_clean(case: BridgeCase, refused: object) -> None:
    """A refusal as the host needs it."""
    if not isinstance(refused, Refused):
        return
    must(refused.status in range(400, 500), f"it refuses with the status {refused.status}, which is no 4xx")
    must(_CODE.fullmatch(refused.code), "a refusal's code has other characters than a-z, 0-9 and _")
    shown = refused.code + refused.detail
    echoed = any(word in shown for word in (*case.private, *case.secrets.values()))
    must(not echoed, "a refusal repeats words of the message, or a secret")


def _assert_sound(case: BridgeCase, answer: WebhookResponse, *, told: bool) -> None:
    must(isinstance(answer, WebhookResponse), "answer returned no WebhookResponse")
    must(
        answer.status in range(200, 300), f"what is stored is answered with {answer.status}, which is no 2xx"
    )
    if "xml" in answer.content_type:
        words = "".join(ET.fromstring(answer.body).itertext())  # noqa: S314 - the plug-in's own
        must(words in ("", _NASTY_WORDS), "the receipt's words are spoilt in the XML")
    if "json" in answer.content_type:  # where it carries no words, receipts go another way
        said = json.loads(answer.body)
        carried = _NASTY_WORDS in said.values() or (
            not said and isinstance(case.make(), TakesPart | WritesBack)
        )
        must(not told or carried, "the receipt's words are spoilt in the JSON")


def only_report(case: BridgeCase, name: str, body: bytes) -> IncomingReport:
    """The one report in a signed body, as a bridge anew reads it."""
    parsed = case.make().parse(case.signed(body))
    if isinstance(parsed, Refused):
        raise Broken(f"{name}: it is refused ({parsed.code})")
    if isinstance(parsed, Ignored):
        raise Broken(f"{name}: it is ignored ({parsed.reason})")
    reports = list(parsed)
    must(len(reports) == 1, f"{name}: it is {len(reports)} reports")
    return reports[0]
