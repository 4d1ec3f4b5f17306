"""All message types: which stream and subject each travels on, how bytes become a message and back.

`encode` and `decode` are the only way between models and bytes. What belongs together is stored as
one: the body of a stored message is one message, or the JSON array of several of one stream.
Decoding lifts older major versions by the upcasters, so that consumers know the newest type only.
"""

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from shared.contracts import (
    aftercare,  # noqa: F401 - its commands and events are found as subclasses
    alerts,
    dead,
    desk,
    drills,
    duty,
    groups,
    incidents,
    keys,
    ledger,
    members,
    reports,
    subscribers,
    wording,  # noqa: F401 - its commands are found as subclasses
)
from shared.contracts.base import TOKEN, Message, Private
from shared.errors import MalformedMessageError, UnsealedError
from shared.ports import Entry, Outgoing

STREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "REPORTS": ("reports.v1.*",),
    "DESK": ("desk.v1.*.*",),
    # The others than the first hold what earlier versions wrote, one message each.
    "DECISIONS": ("decisions.v1.*", "incidents.v1.*", "alerts.v1.*", "replies.v1.*", "groups.v1.*"),
    "LEDGER": ("ledger.v1.*",),
    "DEAD": ("dead.v1.*",),
    "KEYS": ("keys.v1.*",),
    "SUBSCRIBERS": ("subscribers.v1.*",),
}
"""Every stream and the subjects it holds."""

TOLD: Final = "decisions.v1.told"
"""Decisions that whoever sends alerts must know of: alerts, groups as they are, incidents that became one."""
NOTED: Final = "decisions.v1.noted"
"""All other decisions."""

SUBSCRIPTIONS_ASKED: Final = "subscribers.v1.asked"
"""What people ask of the subscribers' book: all that others than the notifier may write there."""
SUBSCRIPTIONS_IMPORTED: Final = "subscribers.v1.imported"
"""Lists of people who have agreed elsewhere; a subject of its own, for the front door may not write there."""
SUBSCRIPTIONS_KEPT: Final = "subscribers.v1.kept"
"""The book itself."""

SEVERAL_GROUPS: Final = "ledger.v1._several"
"""Ledger records of several groups, stored as one; no group may be called so."""

BUNDLE: Final = "bundle.v1"
"""The `ce-type` of a stored message that holds several; each of them has its own `type` inside."""


def _own(message: Message) -> str:
    """The event's own name as one token: `incident.opened.v1` → `opened`, `input.decided.v1` → `decided`."""
    return message.type.split(".")[1]


_OTHER_DECISIONS: Final[tuple[type[Message], ...]] = (
    incidents.InputDecided,
    incidents.ReportAttached,
    incidents.ReportHeld,
    incidents.HeldSettled,
    incidents.HeldDigested,
    incidents.ReportWatched,
    incidents.WatchNoted,
    incidents.MuteSet,
    incidents.MuteLifted,
    incidents.FloodSet,
    incidents.PositionCarried,
    groups.MemberAdded,
    groups.MemberRevoked,
    duty.ShiftOffered,
    duty.ShiftReminded,
    drills.DrillBegun,
    drills.DrillEnded,
    dead.DeadClosed,
    members.MemberInvited,
    members.InviteSettled,
    members.WayInPut,
    members.WayInRemoved,
    groups.AccountOffered,
    groups.AccountBound,
    groups.AccountsUnbound,
    groups.JoinRefused,
)


def _subject_table() -> dict[type[Message], Callable[[Any], str]]:
    table: dict[type[Message], Callable[[Any], str]] = {
        reports.ReportReceived: lambda m: f"reports.v1.{m.bridge}",
        alerts.AlertRaised: lambda _: TOLD,
        groups.GroupDefined: lambda _: TOLD,
        incidents.IncidentMerged: lambda _: TOLD,
        incidents.IncidentSentOn: lambda _: TOLD,
        keys.KeyIssued: lambda m: f"keys.v1.{m.key}",
        keys.DeadLettered: lambda m: f"dead.v1.{m.service}",
        subscribers.SubscriptionAsked: lambda _: SUBSCRIPTIONS_ASKED,
        subscribers.SubscriptionImported: lambda _: SUBSCRIPTIONS_IMPORTED,
        subscribers.AnswerClaimed: lambda _: SUBSCRIPTIONS_KEPT,
    }
    families: tuple[tuple[tuple[type[Message], ...], Callable[[Any], str]], ...] = (
        (_leaves(desk.DeskCommand), lambda m: f"desk.v1.{m.group}.{_own(m)}"),
        ((*_leaves(ledger.LedgerRecord), *_leaves(ledger.LedgerNote)), lambda m: f"ledger.v1.{m.group}"),
        (_leaves(subscribers.BookRecord), lambda _: SUBSCRIPTIONS_KEPT),
        ((*_leaves(incidents.IncidentEvent), *_leaves(duty.ShiftEvent), *_OTHER_DECISIONS), lambda _: NOTED),
    )
    for models, subject in families:
        table = dict.fromkeys(models, subject) | table
    return table


def _leaves(base: type[Message]) -> tuple[type[Message], ...]:
    """The concrete message types below a base (those that fix their `type`)."""
    found: list[type[Message]] = []
    for model in base.__subclasses__():
        concrete = isinstance(model.model_fields["type"].default, str)
        found += [model] if concrete else _leaves(model)
    return tuple(found)


_SUBJECT: Final = _subject_table()
TYPES: Final[Mapping[str, type[Message]]] = {
    str(model.model_fields["type"].default): model for model in sorted(_SUBJECT, key=lambda m: m.__name__)
}
"""Every message type by name."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[str, Upcaster] = {}
"""Old type name → function from its JSON to the JSON of the next version (with its new `type`)."""


def subject_of(message: Message) -> str:
    """The subject a message travels on; raises `ValueError` if a part cannot stand in a subject."""
    return _sound(_SUBJECT[type(message)](message), message.type)


@lru_cache(maxsize=4096)
def _sound(subject: str, name: str) -> str:
    for token in subject.split("."):
        if not TOKEN.match(token):
            raise ValueError(f"{name}: {token!r} cannot be part of a subject")
    return subject


def stream_of(message: Message) -> str:
    """The stream a message is stored in."""
    root = subject_of(message).split(".", 1)[0]
    return next(name for name, subjects in STREAMS.items() for s in subjects if s.startswith(root + "."))


def encode(*messages: Message, source: str) -> Outgoing:
    """The message as bytes with CloudEvents' headers in the NATS binding; `source` is the service.

    Several become one stored message under the first one's id, so that they are stored all or none.
    Raises `UnsealedError` if anything private is still in clear, `ValueError` if they are not all
    decisions, all ledger records, or of one subject.
    """
    return _stored(messages, [_body(message) for message in messages], source)


def packed(runs: Sequence[Sequence[Message]], *, source: str, most: int) -> Iterator[tuple[int, Outgoing]]:
    """Runs of messages in as few stored messages as hold them, in order, each with how many runs it holds.

    A run is never divided: one that takes more than `most` bytes goes alone, for the bus to refuse.
    """
    held: list[Message] = []
    bodies: list[bytes] = []
    count = size = 0
    for run in runs:
        more = [_body(message) for message in run]
        added = sum(map(len, more)) + len(more) + 1
        if count and size + added > most:
            yield count, _stored(held, bodies, source)
            held, bodies, count, size = [], [], 0, 0
        held, bodies, count, size = [*held, *run], [*bodies, *more], count + 1, size + added
    if count:
        yield count, _stored(held, bodies, source)


def _body(message: Message) -> bytes:
    if clear := _in_clear(message):
        raise UnsealedError(f"{message.type}: seal {', '.join(clear)} first")
    return message.__pydantic_serializer__.to_json(message, exclude_none=True)


def _stored(messages: Sequence[Message], bodies: Sequence[bytes], source: str) -> Outgoing:
    first, alone = messages[0], len(messages) == 1
    headers = {
        "ce-specversion": "1.0",
        "ce-id": first.id,
        "ce-type": first.type if alone else BUNDLE,
        "ce-source": f"/{source}",
    }
    body = bodies[0] if alone else b"[" + b",".join(bodies) + b"]"
    return Outgoing(subject=_common_subject(messages), msg_id=first.id, body=body, headers=headers)


def _common_subject(messages: Sequence[Message]) -> str:
    subjects = {subject_of(message) for message in messages}
    if len(subjects) == 1:
        return subjects.pop()
    if subjects == {TOLD, NOTED}:
        return TOLD
    if all(subject.startswith("ledger.") for subject in subjects):
        return SEVERAL_GROUPS
    raise ValueError(f"one stored message has one subject, not {', '.join(sorted(subjects))}")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A part of a stored message that is no message: what is wrong with it, and its JSON, if it is any."""

    problem: str
    data: Any = None


def decode(entry: Entry | bytes) -> Message:
    """The one message in these bytes, lifted to its newest version.

    Raises `MalformedMessageError` naming the type and the fields that are wrong, never their values.
    """
    found = _part(_json(entry))
    if isinstance(found, Spoilt):
        raise MalformedMessageError(found.problem)
    return found


def decode_all(entry: Entry | bytes) -> list[Message]:
    """The messages in these bytes, one or several, in order; raises as `decode` if one of them is spoilt."""
    found = []
    for part in decode_each(entry):
        if isinstance(part, Spoilt):
            raise MalformedMessageError(part.problem)
        found.append(part)
    return found


def decode_each(entry: Entry | bytes, *, wanted: Container[str] = TYPES) -> list[Message | Spoilt]:
    """The messages of wanted types in these bytes, in order, and whatever is spoilt among them."""
    whole = _json(entry)
    named = [_named(part) for part in (whole if isinstance(whole, list) else [whole])]
    return [
        n if isinstance(n, Spoilt) else _validated(*n)
        for n in named
        if isinstance(n, Spoilt) or n[1]["type"] in wanted
    ]


def _json(entry: Entry | bytes) -> Any:
    try:
        return from_json(entry if isinstance(entry, bytes) else entry.body)
    except ValueError:
        return Spoilt("the body is not JSON")


def _part(data: Any) -> Message | Spoilt:
    named = _named(data)
    return named if isinstance(named, Spoilt) else _validated(*named)


def _named(data: Any) -> tuple[type[Message], dict[str, Any]] | Spoilt:
    """The model of this message and its JSON, both of the newest version."""
    if isinstance(data, Spoilt):
        return data
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return Spoilt("the body is not a JSON object with a `type`", data)
    lifted = data
    while (upcast := UPCASTERS.get(lifted["type"])) is not None:
        lifted = upcast(lifted)
    model = TYPES.get(lifted["type"])
    if model is None:
        return Spoilt(f"unknown type {lifted['type'][:64]!r}", data)
    return model, lifted


def _validated(model: type[Message], data: dict[str, Any]) -> Message | Spoilt:
    name = data["type"]
    try:
        message = model.model_validate(data)
    except ValidationError as error:
        where = ", ".join(".".join(str(p) for p in e["loc"]) + ": " + e["type"] for e in error.errors()[:5])
        return Spoilt(f"{name}: {where}", data)
    if clear := _in_clear(message):
        return Spoilt(f"{name}: {', '.join(clear)} travelled in clear", data)
    return message


def _in_clear(message: Message) -> list[str]:
    return [name for name in private_fields(type(message)) if isinstance(getattr(message, name), Private)]


@cache
def private_fields(model: type[Message]) -> Mapping[str, tuple[type[Private], ...]]:
    """The fields of a message type that are sealed on the wire, with the models that may be inside."""
    found: dict[str, tuple[type[Private], ...]] = {}
    for name, field in model.model_fields.items():
        inside = tuple(
            a for a in get_args(field.annotation) if isinstance(a, type) and issubclass(a, Private)
        )
        if inside:
            found[name] = inside
    return found


def wire_schema(model: type[Message]) -> dict[str, Any]:
    """The JSON Schema of a message as it travels: private parts only as `Sealed`."""
    schema = TypeAdapter(model).json_schema(mode="validation")
    hidden = {p.__name__ for inside in private_fields(model).values() for p in inside}
    for field in schema.get("properties", {}).values():
        if "anyOf" in field:
            field["anyOf"] = [
                option for option in field["anyOf"] if option.get("$ref", "").rsplit("/", 1)[-1] not in hidden
            ]
    return _without_unused_definitions(schema)


def _without_unused_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the definitions that nothing reachable from the top refers to."""
    definitions: dict[str, Any] = schema.pop("$defs", {})
    used: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        text = json.dumps(waiting.pop())
        for name, definition in definitions.items():
            if name not in used and f'"#/$defs/{name}"' in text:
                used[name] = definition
                waiting.append(definition)
    return {**schema, "$defs": used} if used else schema
