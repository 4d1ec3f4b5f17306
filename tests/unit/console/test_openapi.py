"""The OpenAPI document is sound and names every route of the desk."""

import re

from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.console.app import ROUTES
from services.console.decide.sentences import sentence
from services.console.openapi import openapi
from services.router.decide import reasons
from tests.rigs.console import Rig


def test_it_is_sound_openapi() -> None:
    OpenAPIV31SpecValidator(openapi()).validate()
    assert openapi() == openapi()


def test_it_names_every_route() -> None:
    def plain(path: str) -> str:
        return re.sub(r"\{[^}]+\}", "{}", path)

    routes = [r for r in ROUTES if isinstance(r, web.RouteDef) and r.path.startswith("/v1/")]
    served = {(plain(r.path), r.method.lower()) for r in routes}
    named = {(plain(path), method) for path, methods in openapi()["paths"].items() for method in methods}
    assert named == served


async def test_it_is_served(rig: Rig) -> None:
    assert await rig.ask("GET", "/openapi.json") == (200, openapi())


def test_every_refusal_of_the_router_has_a_sentence() -> None:
    refusals = (
        reasons.UNKNOWN_COMMAND, reasons.NOT_A_MEMBER, reasons.NOT_YOUR_GROUP, reasons.ROLE_TOO_LOW,
        reasons.UNKNOWN_INCIDENT, reasons.NOT_YOUR_INCIDENT, reasons.MOVED_ON, reasons.WRONG_STATUS,
        reasons.CLAIMED_BY_OTHER, reasons.NOT_CLAIMED, reasons.PLACE_NEEDED, reasons.UNKNOWN_REPORT,
        reasons.NOT_HELD, reasons.SAME_INCIDENT, reasons.MERGE_OTHER_WAY, reasons.NOTHING_WOULD_REMAIN,
        reasons.TOO_MANY_REPORTS, reasons.UNKNOWN_MEMBER, reasons.RESERVED_NAME, reasons.OPERATOR_EXISTS,
        reasons.LAST_OPERATOR, reasons.UNREADABLE, reasons.DECIDE_FAILED,
    )  # fmt: skip
    for reason in refusals:
        assert not sentence(reason).startswith("The relay refused:"), reason
