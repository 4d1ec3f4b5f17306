"""The report form and its receipt, as pages that need no JavaScript.

They keep nothing in the browser, but for a report that waits for the network (static/waiting.js).

Whatever goes wrong, what was typed is still there, with a sentence that says what to do.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.ingest.decide.languages import choose_language
from services.ingest.door import DOOR, Door, read_body
from services.ingest.submission import Submission, receipt_secret, ref_of
from services.ingest.web.nonce import LIFE, is_good, make_nonce
from services.ingest.web.typed import Typed
from shared.contracts.base import BridgeId, ReportId
from shared.http import Problem
from shared.pages import SHARED_TEMPLATES

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_MAX_FIELDS: Final = 40
_PAGES: Final = Environment(
    loader=FileSystemLoader([_HERE / "templates", SHARED_TEMPLATES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_NOTICE_OF: Final = {409: "notice_again", 429: "notice_busy", 503: "notice_not_stored"}
_BRIDGE: Final = BridgeId("web")
_KEEP: Final = LIFE - timedelta(minutes=10)
"""How long after the page was made a report may wait on the phone: no longer than its number is good."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What every page needs: the door and the person's language."""

    request: web.Request
    door: Door
    language: str

    @classmethod
    def of(cls, request: web.Request) -> "_Page":
        door = request.app[DOOR]
        accept = request.headers.get("Accept-Language", "")
        return cls(request, door, choose_language(request.query.get("lang"), accept, door.words.languages))

    def say(self, key: str, **values: str) -> str:
        return self.door.words.say(self.language, key, **values)

    def response(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        html = _PAGES.get_template(template).render(
            say=self.say,
            lang=self.language,
            dir=self.door.words.direction(self.language),
            languages=self.door.words.named(),
            other_language="/?lang={}".format,
            unchecked=self.door.words.unchecked_in_english(self.language),
            exit_url=str(self.door.settings.ingest_exit_url),
            **values,
        )
        return web.Response(text=html, content_type="text/html", status=status)

    def form(
        self, typed: Typed, *, status: int = 200, notice: str = "", errors: dict[str, str] | None = None
    ) -> web.Response:
        nonce = make_nonce(self.door.intake.master, self.door.now())
        # The trap is emptied, so that a browser that filled it in does not fall in twice.
        fresh = replace(typed, trap="")
        return self.response(
            "form.html",
            status=status,
            typed=fresh,
            nonce=nonce,
            notice=notice,
            errors=errors or {},
            keep_s=int(_KEEP.total_seconds()),
        )


async def get_form(request: web.Request) -> web.Response:
    """The empty form."""
    return _Page.of(request).form(Typed())


async def post_form(request: web.Request) -> web.Response:
    """Take the report and show its receipt, or the form again with what is to be mended."""
    page = _Page.of(request)
    typed, nonce = Typed(), ""
    try:
        fields = await _fields(request)
        typed, nonce = Typed.of(fields), fields.get("nonce", "")
        page.door.charge(request)
        return await _take(page, typed, nonce)
    except Problem as problem:
        notice = page.say(_NOTICE_OF.get(problem.status, "notice_unreadable"))
        response = page.form(typed, status=problem.status, notice=notice)
        if problem.retry_after_s is not None:
            response.headers["Retry-After"] = str(problem.retry_after_s)
        return response


async def _take(page: _Page, typed: Typed, nonce: str) -> web.Response:
    errors = {field: page.say(key) for field, key in typed.errors().items()}
    if errors:
        page.door.counts["form.mended"] += 1
        return page.form(typed, status=HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors)
    if not is_good(page.door.intake.master, nonce, page.door.now()):
        page.door.counts["form.old_page"] += 1
        return page.form(typed, status=HTTPStatus.CONFLICT, notice=page.say("notice_old_page"))
    report = typed.report(source_id=nonce, language=page.language)
    accepted = await page.door.accept(Submission(bridge=_BRIDGE, client="form", report=report))
    return _receipt(page, accepted.report_id, may_write=report.contact is not None)


def _receipt(page: _Page, report_id: ReportId, *, may_write: bool) -> web.Response:
    query = urlencode({"secret": receipt_secret(page.door.intake.master, report_id), "lang": page.language})
    return page.response(
        "receipt.html",
        ref=ref_of(report_id),
        may_write=may_write,
        status_url=f"/v1/reports/{report_id}?{query}",
    )


async def status_page(request: web.Request, report_id: ReportId | None) -> web.Response:
    """What became of a report, for people; None where the link's secret does not fit."""
    page = _Page.of(request)
    if report_id is None:
        return page.response("status.html", status=HTTPStatus.NOT_FOUND, ref="", state="unknown")
    state = await page.door.state_of(report_id)
    return page.response("status.html", ref=ref_of(report_id), state=state)


def wants_html(request: web.Request) -> bool:
    """Whether a person's browser is asking."""
    return "text/html" in request.headers.get("Accept", "")


async def _fields(request: web.Request) -> dict[str, str]:
    body = await read_body(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise Problem(415, "not_a_form", "Send the form's own fields, as a browser does.")
    try:
        return dict(
            parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        )
    except ValueError:
        raise Problem(400, "not_a_form", "Send the form's own fields, as a browser does.") from None
