"""`/exercise/ID/KEY`: the report form of one exercise, for the members who train with it.

Guarantees: what is sent by it is an exercise's report or is not stored at all, also when the exercise has
ended, cannot be found, or nobody can tell; then what was typed is still there to copy, beside the way to the
real form. Nothing that is typed here ever goes to the real one by itself.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from aiohttp import web

from services.ingest.web.form import fields_of, refused, take
from services.ingest.web.page import Page
from services.ingest.web.typed import Typed
from shared.errors import StateUnavailableError
from shared.exercises import opens
from shared.http import Problem

_RETRY_S: Final = 5


async def get_exercise(request: web.Request) -> web.Response:
    """The exercise's form, while it goes on."""
    page = _page(request)
    try:
        closed = await _closed(page, request.match_info["key"])
    except Problem:
        # Whether it is over is asked again when something is sent.
        closed = None
    return closed or page.form(Typed())


async def post_exercise(request: web.Request) -> web.Response:
    """Take a report of the exercise, if it goes on."""
    page, typed = _page(request), Typed()
    try:
        fields = await fields_of(request)
        typed = Typed.of(fields)
        page.door.charge(request)
        closed = await _closed(page, request.match_info["key"], typed)
        return closed or await take(page, typed, fields.get("nonce", ""))
    except Problem as problem:
        return refused(page, typed, problem)


def _page(request: web.Request) -> Page:
    return Page.of(request, path=request.path, exercise=request.match_info["exercise"])


async def _closed(page: Page, key: str, typed: Typed | None = None) -> web.Response | None:
    """The page that says why this form takes nothing; None while it does.

    Raises a 503 problem where nobody can tell.
    """
    if not opens(page.door.intake.master, page.exercise, key):
        return _shut(page, "unknown", HTTPStatus.NOT_FOUND, typed)
    try:
        exercise = await page.door.exercises.one(page.exercise)
    except StateUnavailableError:
        raise Problem(
            503, "exercise_unsure", "Nobody can see just now whether it goes on.", retry_after_s=_RETRY_S
        ) from None
    if exercise is None:
        return _shut(page, "unknown", HTTPStatus.NOT_FOUND, typed)
    goes_on = exercise.goes_on(page.door.now())
    return None if goes_on else _shut(page, "over", HTTPStatus.GONE, typed)


def _shut(page: Page, why: str, status: int, typed: Typed | None) -> web.Response:
    page.door.counts[f"exercise.{why}"] += 1
    words = typed.text() if typed else ""
    # It is no page of an exercise any more: nothing on it may keep anybody from the real form.
    plain = replace(page, exercise="")
    return plain.response("exercise_shut.html", status=status, why=why, words=words)
