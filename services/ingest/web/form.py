"""The report form and its receipt, as pages that need no JavaScript.

They keep nothing in the browser, but for a report that waits for the network (static/waiting.js).

Whatever goes wrong, what was typed is still there, with a sentence that says what to do.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from services.ingest.door import read_body
from services.ingest.submission import Submission, receipt_secret, ref_of
from services.ingest.web.nonce import is_good
from services.ingest.web.page import Page
from services.ingest.web.typed import Typed
from shared.contacts import stored_contact
from shared.contracts.base import BridgeId, ReportId
from shared.http import Problem
from shared.plugins.contacts_file import FORM

STATIC: Final = Path(__file__).parent / "static"
_MAX_FIELDS: Final = 40
_NOTICE_OF: Final = {
    "key_used_for_another_report": "notice_again",
    "too_many_requests": "notice_busy",
    "cannot_store": "notice_not_stored",
    "exercise_unsure": "exercise_unsure",
}
_BRIDGE: Final = BridgeId(FORM)


async def get_form(request: web.Request) -> web.Response:
    """The empty form."""
    return Page.of(request).form(Typed())


async def post_form(request: web.Request) -> web.Response:
    """Take the report and show its receipt, or the form again with what is to be mended."""
    page = Page.of(request)
    typed, nonce = Typed(), ""
    try:
        fields = await fields_of(request)
        typed, nonce = Typed.of(fields), fields.get("nonce", "")
        page.door.charge(request)
        return await take(page, typed, nonce)
    except Problem as problem:
        return refused(page, typed, problem)


def refused(page: Page, typed: Typed, problem: Problem) -> web.Response:
    """The form again with what was typed, and why it was not taken."""
    notice = page.say(_NOTICE_OF.get(problem.code, "notice_unreadable"))
    response = page.form(typed, status=problem.status, notice=notice)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


async def take(page: Page, typed: Typed, nonce: str) -> web.Response:
    """Take the report, as real or as an exercise's, as the page is; or the form again."""
    reach = page.door.contacts.reach
    errors = {field: page.say(key, codes=reach.codes) for field, key in typed.errors(reach).items()}
    if errors:
        page.door.counts["form.mended"] += 1
        return page.form(typed, status=HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors)
    if not is_good(page.door.intake.master, nonce, page.door.now(), form=page.exercise):
        page.door.counts["form.old_page"] += 1
        return page.form(typed, status=HTTPStatus.CONFLICT, notice=page.say("notice_old_page"))
    report = typed.report(source_id=nonce, language=page.language, reach=reach)
    submission = Submission(
        bridge=_BRIDGE,
        client="form",
        report=report,
        drill=bool(page.exercise),
        answers_at=_answers_at(page, report.contact),
    )
    accepted = await page.door.accept(submission)
    return _receipt(page, accepted.report_id, may_write=report.contact is not None)


def _answers_at(page: Page, contact: str | None) -> str | None:
    way = page.door.contacts.way(stored_contact(contact) if contact else None)
    return way.answers if way else None


def _receipt(page: Page, report_id: ReportId, *, may_write: bool) -> web.Response:
    asked = {"secret": receipt_secret(page.door.intake.master, report_id), "lang": page.language}
    query = urlencode({**asked, "form": page.path} if page.exercise else asked)
    return page.response(
        "receipt.html",
        ref=ref_of(report_id),
        may_write=may_write,
        status_url=f"/v1/reports/{report_id}?{query}",
    )


async def status_page(request: web.Request, report_id: ReportId | None) -> web.Response:
    """What became of a report, for people; None where the link's secret does not fit."""
    page = Page.of(request).marked_as(request.query.get("form", ""))
    if report_id is None:
        return page.response("status.html", status=HTTPStatus.NOT_FOUND, ref="", state="unknown")
    state = await page.door.state_of(report_id)
    return page.response("status.html", ref=ref_of(report_id), state=state)


def refusal(request: web.Request, problem: Problem) -> web.Response:
    """What was wrong and the way to the form, for whoever came by an address that leads nowhere."""
    page = Page.of(request)
    known = page.door.words.keys("en")
    key = next((k for k in (f"lost_{problem.code}", f"lost_{problem.status}") if k in known), "lost_other")
    return page.response("lost.html", status=problem.status, key=key)


async def fields_of(request: web.Request) -> dict[str, str]:
    """The form's fields; raises a problem for what is no form."""
    body = await read_body(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise Problem(415, "not_a_form", "Send the form's own fields, as a browser does.")
    try:
        return dict(
            parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        )
    except ValueError:
        raise Problem(400, "not_a_form", "Send the form's own fields, as a browser does.") from None
