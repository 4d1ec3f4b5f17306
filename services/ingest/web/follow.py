"""`/follow/GROUP`: the page by which people ask to be told, and `/leave/…`, by which they end it.

Guarantees: the page answers the same whether a contact is known or not, because this door can't look; nobody
is signed up before the code that went to the contact comes back; leaving takes one tap, and in a mail program
its own button; nothing here needs JavaScript.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import web

from services.ingest.decide.signing_up import SignUp
from services.ingest.subscribing import ask
from services.ingest.web.form import fields_of
from services.ingest.web.nonce import is_good, make_nonce
from services.ingest.web.page import Page
from shared.contacts import EmailAddress, Reach, contact_of
from shared.contracts.base import SLUG, GroupId
from shared.contracts.subscribers import CodeGiven, LeftByLink, SignedUp
from shared.errors import StateUnavailableError
from shared.http import Problem
from shared.report_ids import id_from
from shared.subscribing import is_code, is_late, may_leave, ticket_of

EMAIL: Final = "email"
_RETRY_S: Final = 5
_NO_SUCH: Final = Problem(404, "no_such_page", "Nobody can subscribe at this address; check it.")
_NO_WAY: Final = Problem(
    404,
    "no_subscribers",
    "This hub takes no subscribers yet. Its operator gives it an account or e-mail to write to them by: "
    "docs/operating/subscribers.md.",
)


@dataclass(frozen=True, slots=True)
class Ways:
    """By what people can be signed up here: by which bridge for numbers, and whether by e-mail."""

    reach: Reach
    number: str = ""

    @classmethod
    def of(cls, page: Page) -> "Ways":
        """Those that the hub has; raises `Problem` 404 where there is none."""
        door = page.door
        numbers = {n: e for n, e in door.subscriptions.items() if e.plugin.spec.senders == "number"}
        number = next(iter(numbers), "")
        marked = numbers[number].subscriptions if number else None
        email = door.contacts.email is not None
        ways = cls(Reach(email=email, countries=marked.countries if marked else ()), number)
        if not ways.reach.anybody:
            raise _NO_WAY
        return ways

    def contact(self, typed: str) -> tuple[str, str] | None:
        """Way and address of what was typed; None for what can't be written to."""
        found = contact_of(typed, self.reach)
        if found is None:
            return None
        return (EMAIL if isinstance(found, EmailAddress) else self.number), found.text


async def get_follow(request: web.Request) -> web.Response:
    """The empty form."""
    page, group, name = await _asked_for(request)
    return _form(page, group, name, SignUp())


async def post_follow(request: web.Request) -> web.Response:
    """Ask for the code to be sent, and where to type it; or the form again."""
    page, group, name = await _asked_for(request)
    fields = await fields_of(request)
    typed, ways = SignUp.of(fields), Ways.of(page)
    contact = ways.contact(typed.contact)
    if typed.trap or contact is None:
        error = "error_trap" if typed.trap else "follow_error_contact"
        return _form(page, group, name, typed, error=page.say(error, codes=ways.reach.codes or "-"))
    if not is_good(page.door.intake.master, fields.get("nonce", ""), page.door.now(), form=_form_of(group)):
        return _form(page, group, name, typed, error=page.say("notice_old_page"))
    page.door.charge(request)
    page.door.charge_sign_up(request, *contact)
    ticket = await _sign_up(page, group, typed, contact, fields["nonce"])
    return _code_page(page, group, name, ticket)


async def _sign_up(page: Page, group: GroupId, typed: SignUp, contact: tuple[str, str], nonce: str) -> str:
    """Hand it on; the ticket that the code will go with. Sent twice it is one, but later it is asked anew."""
    way, address = contact
    said = (nonce, way, address, typed.place, typed.choice, typed.quiet, str(typed.urgent))
    ticket = ticket_of(page.door.intake.master.tag("sign-up", group, *said), page.door.now())
    content = SignedUp.model_validate(
        {
            "way": way,
            "address": address,
            "language": page.language,
            "ticket": ticket,
            "group": group,
            "place": typed.place,
            "choice": typed.choice,
            "quiet": typed.quiet or None,
            "urgent_breaks": typed.urgent,
        }
    )
    await ask(page.door, content, f"signed-up.{ticket}")
    return ticket


async def post_code(request: web.Request) -> web.Response:
    """Take the code; it is checked here, so that whoever mistyped it, or comes too late, learns it."""
    page, group, name = await _asked_for(request)
    fields = await fields_of(request)
    ticket, code = fields.get("ticket", "")[:64], "".join(fields.get("code", "").split())[:12]
    page.door.charge(request)
    page.door.charge_code(ticket)
    if not is_code(page.door.intake.master, ticket, code):
        return _code_page(page, group, name, ticket, error=page.say("follow_code_wrong"))
    if is_late(ticket, page.door.now()):
        return _form(page, group, name, SignUp(), error=page.say("follow_code_old"))
    name_of_it = id_from(page.door.intake.master.tag("code-given", ticket))
    await ask(page.door, CodeGiven(ticket=ticket, code=code), name_of_it)
    return _said(page, "follow_done_title", "follow_done")


async def get_leave(request: web.Request) -> web.Response:
    """Ask once: whoever looks at links before their reader does must not end anything."""
    page = _leaving(request)
    return page.response("leave.html", title=page.say("leave_title"), path=request.path)


async def post_leave(request: web.Request) -> web.Response:
    """End it: from our page, or by a mail program itself (RFC 8058)."""
    page = _leaving(request)
    page.door.charge(request)
    subscriber = request.match_info["subscriber"]
    await ask(page.door, LeftByLink(subscriber=subscriber), f"left-by-link.{subscriber}")
    return _said(page, "leave_title", "leave_done")


def _leaving(request: web.Request) -> Page:
    page = Page.of(request, path=request.path)
    found = request.match_info
    if not may_leave(page.door.intake.master, found["subscriber"], found["key"]):
        raise _NO_SUCH
    return page


async def _asked_for(request: web.Request) -> tuple[Page, GroupId, str]:
    """The page, the group and its name. Raises `Problem` where there is no such group, or nobody can tell."""
    group = request.match_info["group"]
    page = Page.of(request, path=f"/follow/{group}")
    Ways.of(page)
    try:
        name = await page.door.groups.name(GroupId(group)) if SLUG.match(group) else None
    except StateUnavailableError:
        raise Problem(
            503, "not_ready", "Nobody can see just now which groups there are.", retry_after_s=_RETRY_S
        ) from None
    if name is None:
        raise _NO_SUCH
    return page, GroupId(group), name


def _form(page: Page, group: GroupId, name: str, typed: SignUp, *, error: str = "") -> web.Response:
    reach = Ways.of(page).reach
    both = reach.email and reach.phone
    return page.response(
        "follow.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        group=name,
        typed=typed,
        error=error,
        contact_key="contact" if both else "contact_email" if reach.email else "contact_phone",
        nonce=make_nonce(page.door.intake.master, page.door.now(), form=_form_of(group)),
    )


def _code_page(page: Page, group: GroupId, name: str, ticket: str, *, error: str = "") -> web.Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    values = cast("dict[str, Any]", {"group": name, "ticket": ticket, "error": error})
    return page.response("follow_code.html", status=status, code_path=f"/follow/{group}/code", **values)


def _said(page: Page, title: str, text: str) -> web.Response:
    return page.response("follow_said.html", title=page.say(title), text=page.say(text))


def _form_of(group: GroupId) -> str:
    return f"follow-{group}"
