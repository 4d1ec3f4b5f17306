"""All message types: which stream and subject each travels on, how bytes become a message and back.

`encode` and `decode` are the only way between models and bytes. Decoding lifts older major
versions by the upcasters, so that consumers know the newest type only.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from shared.contracts import alerts, desk, groups, incidents, keys, ledger, reports
from shared.contracts.base import TOKEN, Message, Private
from shared.errors import MalformedMessageError, UnsealedError
from shared.ports import Entry, Outgoing

STREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "REPORTS": ("reports.v1.*",),
    "DESK": ("desk.v1.*.*",),
    "DECISIONS": ("incidents.v1.*", "alerts.v1.*", "replies.v1.*", "groups.v1.*"),
    "LEDGER": ("ledger.v1.*",),
    "DEAD": ("dead.v1.*",),
    "KEYS": ("keys.v1.*",),
}
"""Every stream and the subjects it holds."""

FENCE: Final = "incidents.v1.>"
"""The subjects whose last sequence fences the router's appends (DESIGN 4)."""


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
    incidents.PositionCarried,
)


def _subject_table() -> dict[type[Message], Callable[[Any], str]]:
    table: dict[type[Message], Callable[[Any], str]] = {
        reports.ReportReceived: lambda m: f"reports.v1.{m.bridge}",
        alerts.AlertRaised: lambda m: f"alerts.v1.{m.group}",
        keys.KeyIssued: lambda m: f"keys.v1.{m.key}",
        keys.DeadLettered: lambda m: f"dead.v1.{m.service}",
    }
    families: tuple[tuple[tuple[type[Message], ...], Callable[[Any], str]], ...] = (
        (
            (groups.GroupDefined, groups.MemberAdded, groups.MemberRevoked),
            lambda m: f"groups.v1.{m.type.split('.')[0]}_{_own(m)}",
        ),
        (_leaves(desk.DeskCommand), lambda m: f"desk.v1.{m.group}.{_own(m)}"),
        (_leaves(ledger.LedgerRecord), lambda m: f"ledger.v1.{m.group}"),
        ((*_leaves(incidents.IncidentEvent), *_OTHER_DECISIONS), lambda m: f"incidents.v1.{_own(m)}"),
    )
    for models, subject in families:
        table.update(dict.fromkeys(models, subject))
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
    subject = _SUBJECT[type(message)](message)
    for token in subject.split("."):
        if not TOKEN.match(token):
            raise ValueError(f"{message.type}: {token!r} cannot be part of a subject")
    return subject


def stream_of(message: Message) -> str:
    """The stream a message is stored in."""
    root = subject_of(message).split(".", 1)[0]
    return next(name for name, subjects in STREAMS.items() for s in subjects if s.startswith(root + "."))


def encode(message: Message, *, source: str) -> Outgoing:
    """The message as bytes with CloudEvents' headers in the NATS binding; `source` is the service.

    Raises `UnsealedError` if anything private is still in clear.
    """
    if clear := _in_clear(message):
        raise UnsealedError(f"{message.type}: seal {', '.join(clear)} first")
    headers = {
        "ce-specversion": "1.0",
        "ce-id": message.id,
        "ce-type": message.type,
        "ce-source": f"/{source}",
        "ce-time": message.at.isoformat(),
        "content-type": "application/json",
    }
    body = message.model_dump_json(exclude_none=True).encode()
    return Outgoing(subject=subject_of(message), msg_id=message.id, body=body, headers=headers)


def decode(entry: Entry | bytes) -> Message:
    """The message in these bytes, lifted to its newest version.

    Raises `MalformedMessageError` naming the type and the fields that are wrong, never their values.
    """
    body = entry if isinstance(entry, bytes) else entry.body
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("the body is not JSON") from error
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise MalformedMessageError("the body is not a JSON object with a `type`")
    lifted = data
    while (upcast := UPCASTERS.get(lifted["type"])) is not None:
        lifted = upcast(lifted)
    return _validate(body if lifted is data else json.dumps(lifted).encode(), lifted["type"])


def _validate(body: bytes, name: str) -> Message:
    model = TYPES.get(name)
    if model is None:
        raise MalformedMessageError(f"unknown type {name[:64]!r}")
    try:
        message = model.model_validate_json(body)
    except ValidationError as error:
        where = ", ".join(".".join(str(p) for p in e["loc"]) + ": " + e["type"] for e in error.errors()[:5])
        raise MalformedMessageError(f"{name}: {where}") from None
    if clear := _in_clear(message):
        raise MalformedMessageError(f"{name}: {', '.join(clear)} travelled in clear")
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
