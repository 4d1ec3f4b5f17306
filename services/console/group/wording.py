"""`/groups/ID/words`: a group's own words: written by one person, reviewed by another, and until when.

Everybody of the group may read them; who may write and review stands in the one table of permissions. Nothing
typed is ever lost: where it does not fit, somebody was faster, or the log is away, it stays in the form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from services.console.account.pages import led_to, text_of
from services.console.decide.group.own_words import (
    KINDS,
    SIZES,
    Preview,
    Shown,
    Slot,
    begin_with,
    calls_for,
    example_fields,
    last_days,
    newest,
    of_slot,
    previews,
    slot_of,
    words_in,
)
from services.console.decide.page_acts import lets
from services.console.door import CONSOLE, page_actor
from services.console.group.pages import LANGUAGES, Scope, as_page, page, scope
from services.console.submit import command_id, stored_id, submit
from services.console.who_may import role_problem
from shared.contracts.base import HUB, GroupId
from shared.contracts.desk import DeskCommand
from shared.contracts.groups import GroupDefinition
from shared.contracts.own_words import MOST_CHARS, SignedAs, WordsSignature, WordsText
from shared.contracts.wording import ProposeWords, ReviewWords, WithdrawWords
from shared.http import Problem
from shared.words.own import Mistake, OwnWordsError
from shared.words.own_check import mistakes_in

_MOST_TYPED: Final = 20_000
"""More than this is no template, and is not shown again either."""
_DONE: Final = frozenset({"draft", "proposed", "reviewed", "withdrawn"})
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class _Typed:
    """What was filled in, and what became of it."""

    text: str = ""
    look: bool = False
    mistakes: tuple[Mistake, ...] = ()
    problem: str = ""
    detail: str = ""
    """The refusal in English, for one that the catalogs have no words for."""
    status: int = 200
    signature: Mapping[str, str] | None = None


@as_page
async def get_list(request: web.Request) -> web.StreamResponse:
    """All of the group's own words with how they stand, and the way to write more."""
    found = await words_scope(request)
    today = _today(found)
    return page(
        request,
        "words.html",
        actor=found.actor,
        group=found.group,
        shown=words_in(found.group, today),
        calls=calls_for(found.group, today),
        may_write=_may(found, ProposeWords),
        kinds=KINDS,
        sizes=SIZES,
        tongues=_tongues(found),
        done=_done(request),
    )


@as_page
async def get_write(request: web.Request) -> web.StreamResponse:
    """From the choice on the list to the page of that message."""
    found = await words_scope(request)
    slot = _slot(found, request.query)
    return led_to(f"/groups/{found.id}/words/{slot.path}")


@as_page
async def get_words(request: web.Request) -> web.StreamResponse:
    """One message's words: those in use, those to come, and the form."""
    found = await words_scope(request)
    return await _shown(request, found, _slot(found, request.match_info))


@as_page
async def post_words(request: web.Request) -> web.StreamResponse:
    """Look at what is typed, keep it as a draft, or propose it."""
    found, form = await words_scope(request), await request.post()
    slot = _slot(found, request.match_info)
    await _check_may(found, ProposeWords)
    text = text_of(form, "text", most=_MOST_TYPED).replace("\r\n", "\n").strip()
    draft, look = "draft" in form, "look" in form
    mistakes = tuple(mistakes_in(text, slot.kind, slot.size, slot.language))
    if look or (mistakes and not draft) or not 0 < len(text) <= MOST_CHARS:
        typed = _Typed(text, look=True, mistakes=mistakes, status=422 if mistakes else 200)
        return await _shown(request, found, slot, typed)
    command = ProposeWords(
        **_base(found, slot), seen=_number(form, "newest"), draft=draft, words=WordsText(text=text)
    )
    return await _done_or_shown(
        request, found, slot, command, typed=_Typed(text), done="draft" if draft else "proposed"
    )


@as_page
async def post_review(request: web.Request) -> web.StreamResponse:
    """Sign exactly the words that were shown."""
    found, form = await words_scope(request), await request.post()
    slot = _slot(found, request.match_info)
    await _check_may(found, ReviewWords)
    given = {name: text_of(form, name, most=100) for name in ("signed_by", "signed_as", "expires_on")}
    try:
        signature = WordsSignature.model_validate(given)
    except ValidationError:
        return await _shown(request, found, slot, _Typed(problem="signature", status=422, signature=given))
    command = ReviewWords(**_base(found, slot), version=_number(form, "looked_at") or 1, signature=signature)
    return await _done_or_shown(request, found, slot, command, typed=_Typed(signature=given), done="reviewed")


@as_page
async def post_withdraw(request: web.Request) -> web.StreamResponse:
    """These words are used, or proposed, no longer."""
    found, form = await words_scope(request), await request.post()
    slot = _slot(found, request.match_info)
    await _check_may(found, WithdrawWords)
    command = WithdrawWords(**_base(found, slot), version=_number(form, "looked_at") or 1)
    return await _done_or_shown(request, found, slot, command, typed=_Typed(), done="withdrawn")


async def words_scope(request: web.Request) -> Scope:
    """The group in the address, for its own people alone; raises a 403 or 404 problem."""
    actor, name = await page_actor(request), request.match_info["group"]
    if name not in actor.roles or name == HUB:
        raise Problem(403, "words_are_the_groups", "Only people of the group see its words.")
    return await scope(request.app[CONSOLE], actor, name)


async def _done_or_shown(  # noqa: PLR0913 - a form, what was typed in it, and what it asks for
    request: web.Request, found: Scope, slot: Slot, command: DeskCommand, *, typed: _Typed, done: str
) -> web.Response:
    """Do it and go on; what is refused, or cannot be stored now, leaves the form as it was filled in."""
    try:
        await submit(found.console, command, body=slot.path)
    except Problem as problem:
        if problem.status not in {_CONFLICT, 503}:
            raise
        again = await scope(found.console, found.actor, found.id)
        kept = replace(typed, problem=problem.code, detail=problem.detail, status=problem.status)
        return await _shown(request, again, slot, kept)
    return led_to(f"/groups/{found.id}/words?done={done}")


async def _shown(request: web.Request, found: Scope, slot: Slot, typed: _Typed | None = None) -> web.Response:
    given, today = typed or _Typed(), _today(found)
    definition = GroupDefinition.model_validate(found.group["definition"])
    used, coming = of_slot(words_in(found.group, today), slot)
    text = given.text or begin_with(slot, used, coming)
    first, last, usual = last_days(today)
    return page(
        request,
        "words_one.html",
        actor=found.actor,
        status=given.status,
        group=found.group,
        slot=slot,
        tongue=_tongues(found)[slot.language],
        used=used,
        coming=coming,
        newest=newest(used, coming),
        names=await _names(found, used, coming),
        may_write=_may(found, ProposeWords),
        may_review=_may(found, ReviewWords),
        mine=coming is not None and coming.words.proposed_by == found.actor.member,
        given=given,
        text=text,
        fields=example_fields(slot, definition),
        typed_reads=_reads(text, slot, definition) if given.look else [],
        coming_reads=_reads(coming.words.text, slot, definition) if coming else [],
        coming_mistakes=mistakes_in(coming.words.text, slot.kind, slot.size, slot.language) if coming else [],
        signed=given.signature
        or {"signed_by": found.actor.name, "signed_as": "", "expires_on": usual.isoformat()},
        ways_to_sign=_ways_to_sign(slot),
        first_day=first,
        last_day=last,
        most=MOST_CHARS,
    )


def _reads(text: str, slot: Slot, group: GroupDefinition) -> list[Preview]:
    try:
        return previews(text, slot, group)
    except OwnWordsError:
        return []


def _ways_to_sign(slot: Slot) -> tuple[SignedAs, ...]:
    """As what somebody may sign: in another language a member's eye is not enough."""
    return ("member", "native_reader", "lawyer") if slot.language == "en" else ("native_reader", "lawyer")


async def _names(found: Scope, *shown: Shown | None) -> Mapping[str, str]:
    members = {m for one in shown if one for m in (one.words.proposed_by, one.words.reviewed_by) if m}
    return await found.console.store.names_of(members)


def _base(found: Scope, slot: Slot) -> dict[str, Any]:
    return {
        "id": stored_id(found.actor.member, command_id(None)),
        "at": found.console.clock.now(),
        "member": found.actor.member,
        "group": GroupId(found.id),
        "kind": slot.kind,
        "size": slot.size,
        "language": slot.language,
    }


def _slot(found: Scope, named: Mapping[str, str]) -> Slot:
    kind, size, language = (named.get(name, "") for name in ("kind", "size", "language"))
    slot = slot_of(kind, size, language, _tongues(found))
    if slot is None:
        raise Problem(404, "unknown_words", "There is no such message; choose one from the list.")
    return slot


def _tongues(found: Scope) -> dict[str, str]:
    """The languages to choose from, the group's own first."""
    own = [tag for tag in found.group["definition"]["languages"] if tag in LANGUAGES]
    return {tag: LANGUAGES[tag] for tag in dict.fromkeys((*own, *LANGUAGES))}


def _may(found: Scope, sort: type[DeskCommand]) -> bool:
    return lets([found.id], found.actor.roles, sort)


async def _check_may(found: Scope, sort: type[DeskCommand]) -> None:
    if not _may(found, sort):
        raise await role_problem(found.console, found.actor.roles, sort, [found.id])


def _today(found: Scope) -> date:
    return found.console.clock.now().date()


def _number(form: Mapping[str, Any], name: str) -> int:
    given = text_of(form, name, most=9)
    return int(given) if given.isascii() and given.isdigit() else 0


def _done(request: web.Request) -> str:
    done = request.query.get("done", "")
    return done if done in _DONE else ""
