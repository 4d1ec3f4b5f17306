"""The front door's OpenAPI 3.1 document, made from the models that the handlers use."""

from typing import Any

from pydantic.json_schema import models_json_schema

from services.ingest.models import NewReport, ProblemDocument, ReportAccepted, ReportStatus

_REFUSALS = {
    "400": "Not JSON, or an Idempotency-Key that cannot be one.",
    "401": "The key is not known, or the signature is not its own, or over 5 minutes old.",
    "403": "A field needs a right that the key has not.",
    "409": "The Idempotency-Key was used for another report.",
    "413": "Larger than 64 kB.",
    "415": "Not application/json.",
    "422": "A field is wrong; the detail names it.",
    "429": "Too many; Retry-After says when.",
    "503": "Nothing can be stored just now; Retry-After says when. The report is not stored.",
}

_SIGNED = (
    "A bridge out of process signs as Standard Webhooks says: `Authorization: Signed NAME`, webhook-id (then "
    "no Idempotency-Key is needed), webhook-timestamp, webhook-signature `v1a,` with Ed25519 over "
    "`id.timestamp.body` in base64."
)


def openapi() -> dict[str, Any]:
    """The document as JSON-ready data, the same every time."""
    _, definitions = models_json_schema(
        [
            (NewReport, "validation"),
            *((model, "serialization") for model in (ReportAccepted, ReportStatus, ProblemDocument)),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Alert relay: reports",
            "version": "1",
            "summary": "Send a report; ask what became of it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {"/v1/reports": {"post": _post()}, "/v1/reports/{report_id}": {"get": _get()}},
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "signed": {"type": "http", "scheme": "signed", "description": _SIGNED},
            },
        },
    }


def _post() -> dict[str, Any]:
    return {
        "operationId": "sendReport",
        "summary": "Send one report",
        "description": "202 means stored for good. Repeat a request with the same Idempotency-Key freely.",
        "security": [{}, {"bearer": []}, {"signed": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A random key (UUID) of your own; the same again is the same report.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }
        ],
        "requestBody": {"required": True, "content": _json("NewReport")},
        "responses": {
            "202": {"description": "Stored for good.", "content": _json("ReportAccepted")},
            **{status: _problem(text) for status, text in _REFUSALS.items()},
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "getReport",
        "summary": "What became of a report",
        "description": "With the receipt's secret as bearer token. Browsers get a page.",
        "security": [{"bearer": []}],
        "parameters": [
            {"name": "report_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {"description": "What became of it.", "content": _json("ReportStatus")},
            "404": _problem("No such report, or not its secret; the two are not told apart."),
            "429": _problem(_REFUSALS["429"]),
        },
    }


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
