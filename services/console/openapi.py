"""The console's OpenAPI 3.1 document, made from the models that the handlers use."""

from typing import Any, Final

from aiohttp import web
from pydantic.json_schema import models_json_schema

from services.console import models as m
from services.console.dead_models import DeadLetter, DeadList, DeadRequest, DeadRetried, DeadRetryAll
from services.console.ledger_models import Ledger, LedgerEach

_REQUESTS: Final = (
    m.DeskRequest,
    m.ShiftRequest,
    m.NewMember,
    m.NewInvite,
    m.GroupRequest,
    m.KillSwitchRequest,
    m.TestRequest,
    m.ExerciseRequest,
    m.ExerciseEnd,
    DeadRequest,
    DeadRetryAll,
)
_ANSWERS: Final = (
    m.Decided,
    m.Preview,
    m.IncidentList,
    m.HeldList,
    m.Stopped,
    DeadLetter,
    DeadList,
    DeadRetried,
    Ledger,
    LedgerEach,
    m.DutyList,
    m.Explained,
    m.MemberList,
    m.MemberAnswer,
    m.InviteAnswer,
    m.ChatAccounts,
    m.ChatOffer,
    m.GroupList,
    m.GroupAnswer,
    m.ChannelTested,
    m.ExerciseBegun,
    m.ExerciseAnswer,
    m.ProblemDocument,
)
_REFUSALS: Final = {
    "400": "The body is not JSON.",
    "401": "No token, or one that opens nothing (any more).",
    "403": "Your role or group does not allow this.",
    "404": "There is no such thing for you.",
    "409": "Refused; the code is the reason, the detail says what to do.",
    "413": "The body is too large.",
    "415": "The body is not called application/json.",
    "422": "A field is wrong; the detail names it.",
    "429": "Too often; Retry-After says when.",
    "503": "The log or the read model is away; Retry-After says when.",
}
_PENDING: Final = "Stored but not decided yet; look again, or send it again with the same id."


def openapi() -> dict[str, Any]:
    """The document as JSON-ready data, the same every time."""
    modes = [(model, "validation") for model in _REQUESTS] + [(model, "serialization") for model in _ANSWERS]
    _, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Alert relay: desk",
            "version": "1",
            "summary": "See your groups' incidents, decide about them, run groups and members.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


async def get_openapi(_: web.Request) -> web.Response:
    """`GET /openapi.json`."""
    return web.json_response(openapi())


def _paths() -> dict[str, Any]:
    commands = {"type": "string", "enum": list(m.CommandName.__args__)}  # type: ignore[attr-defined]
    command, name = _parameter("command", commands), _parameter("name", {"type": "string"})
    channel = _parameter("channel", {"type": "string"})
    exercise = _parameter("exercise", {"type": "string"})
    shifts = _parameter(
        "command", {"type": "string", "enum": ["offer", "withdraw", "take", "give_up", "note"]}
    )
    letter = _parameter("letter", {"type": "string"})
    alert = _parameter("alert", {"type": "string"})
    begins = {"name": "from", "in": "query", "schema": {"type": "integer"}}
    language = {"name": "language", "in": "query", "schema": {"type": "string"}}
    state = {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["open", "all"]}}
    return {
        "/v1/desk/incidents": {
            "get": _read("listIncidents", "Your groups' incidents", "IncidentList", state)
        },
        "/v1/desk/incidents/{name}": {"get": _read("getIncident", "One incident, by id or code", None, name)},
        "/v1/desk/incidents/{name}/ledger": {
            "get": _read("getLedger", "Who was told of it, and who was not and why", "Ledger", name)
        },
        "/v1/desk/incidents/{name}/ledger/{alert}": {
            "get": _read(
                "getLedgerOfOne", "One message, recipient by recipient", "LedgerEach", name, alert, begins
            )
        },
        "/v1/desk/held": {"get": _read("listHeld", "Reports that wait for a person", "HeldList")},
        "/v1/desk/reports/{name}": {
            "get": _read("explainReport", "Why a report was decided as it was", "Explained", name)
        },
        "/v1/desk/{command}": {"post": _write("decide", "Give a command", "DeskRequest", "Decided", command)},
        "/v1/desk/{command}/preview": {
            "post": _write("preview", "What it would send to whom", "DeskRequest", "Preview", command)
        },
        "/v1/desk/card": {"get": _read("shiftCard", "What whoever keeps a post is told", None, language)},
        "/v1/duty": {"get": _read("listDuty", "Your groups' shifts", "DutyList")},
        "/v1/duty/{command}": {
            "post": _write("decideDuty", "Offer, take or give up a shift", "ShiftRequest", "Decided", shifts)
        },
        "/v1/members": {
            "get": _read("listMembers", "Who may act", "MemberList"),
            "post": _write("addMember", "Let somebody act", "NewMember", "MemberAnswer", ok="201"),
        },
        "/v1/members/{name}": {
            "delete": _write("revokeMember", "Let somebody act no longer", None, "Decided", name)
        },
        "/v1/invites": {
            "post": _write("invite", "A link to come in by, once", "NewInvite", "InviteAnswer", ok="201")
        },
        "/v1/account/chat": {
            "get": _read("listChatAccounts", "Your chat accounts", "ChatAccounts"),
            "post": _write("offerChatAccount", "A code that binds one", None, "ChatOffer", ok="201"),
            "delete": _write("unbindChatAccounts", "Unbind them all", None, "Decided"),
        },
        "/v1/groups": {"get": _read("listGroups", "The groups in force", "GroupList")},
        "/v1/groups/{name}": {
            "put": _write("putGroup", "Put a group in force", "GroupRequest", "GroupAnswer", name)
        },
        "/v1/groups/{name}/channels/{channel}/test": {
            "get": _read("getTest", "The latest test of a channel", "ChannelTested", name, channel),
            "post": _write("testChannel", "Try a channel", "TestRequest", "ChannelTested", name, channel),
        },
        "/v1/groups/{name}/exercises": {
            "post": _write(
                "beginExercise", "Begin an exercise", "ExerciseRequest", "ExerciseBegun", name, ok="201"
            )
        },
        "/v1/groups/{name}/exercises/{exercise}": {
            "get": _read("getExercise", "What came of an exercise", "ExerciseAnswer", name, exercise)
        },
        "/v1/groups/{name}/exercises/{exercise}/end": {
            "post": _write("endExercise", "End it", "ExerciseEnd", "ExerciseAnswer", name, exercise)
        },
        "/v1/dead": {"get": _read("listDead", "Messages that nobody could handle", "DeadList")},
        "/v1/dead/retry": {
            "post": _write("retryAllDead", "Try again whatever can be", "DeadRetryAll", "DeadRetried")
        },
        "/v1/dead/{letter}": {"get": _read("getDead", "One of them", "DeadLetter", letter)},
        "/v1/dead/{letter}/retry": {
            "post": _write("retryDead", "Have it handled again", "DeadRequest", "Decided", letter)
        },
        "/v1/dead/{letter}/discard": {
            "post": _write("discardDead", "Let it go", "DeadRequest", "Decided", letter)
        },
        "/v1/kill-switch": {
            "get": _read("listStopped", "Which kill switches are on", "Stopped"),
            "post": _write("killSwitch", "Stop all sending, or allow it", "KillSwitchRequest", "Decided"),
        },
        "/v1/status": {"get": _read("status", "What waits and what was counted", None)},
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _read(operation: str, summary: str, answer: str | None, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": _ok("It.", answer), **_refused("401", "403", "404", "422", "503")},
    }


def _write(
    operation: str,
    summary: str,
    request: str | None,
    answer: str,
    *parameters: dict[str, Any],
    ok: str = "200",
) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {ok: _ok("Applied.", answer), "202": _ok(_PENDING, answer), **_refused(*_REFUSALS)},
    }
    if request:
        written["requestBody"] = {"required": True, "content": _json(request)}
    return written


def _ok(description: str, model: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    return {"description": description, "content": _json(model) if model else schema}


def _refused(*statuses: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {
            "description": _REFUSALS[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
