"""`/groups/ID/channels`: over what the group is told: add, change, remove, try.

Settings are the group's own affair: its admins read them, the hub's operators only write them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from aiohttp import web
from pydantic import ValidationError

from services.console.account.pages import led_to, text_of
from services.console.decide.carried import key
from services.console.decide.draft import Document
from services.console.decide.group.answers import WITHIN, carried_at
from services.console.decide.group.fields import Field, Wrong, fields_of, typed_in, wrong_in
from services.console.group.pages import LANGUAGES, Scope, as_page, flag, page, scope_of
from services.console.group.saving import MOVED_ON, channels_of, save
from services.console.group.testing import held_by, tests_of, try_channel
from shared.contracts.base import SLUG
from shared.contracts.groups import Audience, ChannelDefinition
from shared.http import Problem
from shared.plugins.bound import example_of, foreign
from shared.words import channel_test_text

AUDIENCES: Final = tuple(a for a in get_args(Audience) if a != "reporter")
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """A channel's form as it is filled in."""

    kind: str
    id: str = ""
    audience: str = "verifiers"
    language: str = "en"
    drills: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@as_page
async def get_channels(request: web.Request) -> web.StreamResponse:
    """The channels with how their last tests ended, and the kinds to add."""
    scope = await scope_of(request)
    tests = await tests_of(scope)
    pending = any(t.outcome == "pending" for t in tests.values())
    carried = await scope.console.store.one(key(scope.id)) or {}
    names = [c["id"] for c in scope.group.get("channels", ())]
    return page(
        request,
        "channels.html",
        actor=scope.actor,
        group=scope.group,
        tests=tests,
        carried={name: carried_at(scope.group, name, carried) for name in names},
        within=WITHIN,
        tested=request.query.get("tested", ""),
        held=await held_by(scope) if pending else None,
        test_text=channel_test_text,
        kinds=[_kind(scope, kind) for kind in scope.console.channels.kinds()],
        kind_of=kinds_of(scope),
    )


@as_page
async def get_new(request: web.Request) -> web.StreamResponse:
    """The form for a new channel of a kind."""
    scope = await scope_of(request)
    kind = request.query.get("kind", "")
    _plugin(scope, kind)
    language = next(iter(scope.group["definition"]["languages"]), "en")
    audience = "community" if kind == "feed" else "verifiers"
    return _form(request, scope, Typed(kind, _free_id(scope, kind), audience, language))


@as_page
async def post_new(request: web.Request) -> web.StreamResponse:
    """Add a channel."""
    scope, form = await scope_of(request), await request.post()
    typed = _typed(scope, form, text_of(form, "kind", most=40), text_of(form, "id", most=40).strip())
    wrong = _wrong(scope, typed)
    if any(c.id == typed.id for c in channels_of(scope)):
        wrong["id"] = Wrong("id", "channel_taken", "")
    return await _saved(request, scope, form, typed, wrong)


@as_page
async def get_channel(request: web.Request) -> web.StreamResponse:
    """The form of a channel as it is."""
    scope = await scope_of(request)
    _may_read(scope)
    channel = _channel(scope, request)
    filled = channel.model_dump(mode="json")
    return _form(request, scope, Typed(**{k: filled[k] for k in Typed.__slots__}), old=channel.id)


@as_page
async def post_channel(request: web.Request) -> web.StreamResponse:
    """Change a channel; its id stays."""
    scope, form = await scope_of(request), await request.post()
    _may_read(scope)
    old = _channel(scope, request)
    typed = _typed(scope, form, old.kind, old.id, old.settings)
    return await _saved(request, scope, form, typed, _wrong(scope, typed), old=old.id)


@as_page
async def post_remove(request: web.Request) -> web.StreamResponse:
    """Remove a channel."""
    scope, form = await scope_of(request), await request.post()
    gone = _channel(scope, request)
    await save(scope, form, channels=[c for c in channels_of(scope) if c.id != gone.id])
    return led_to(f"/groups/{scope.id}/channels")


@as_page
async def post_test(request: web.Request) -> web.StreamResponse:
    """Try a channel."""
    scope = await scope_of(request)
    channel = _channel(scope, request).id
    await try_channel(request, scope, channel)
    return led_to(f"/groups/{scope.id}/channels?tested={channel}#channel-{channel}")


async def _saved(  # noqa: PLR0913 - a form, what was typed in it, and what is wrong with that
    request: web.Request,
    scope: Scope,
    form: Mapping[str, Any],
    typed: Typed,
    wrong: dict[str, Wrong],
    *,
    old: str = "",
) -> web.Response:
    """Save the channel, or show the form again with what is wrong."""
    if wrong:
        return _form(request, scope, typed, old=old, wrong=wrong)
    before = channels_of(scope)
    stands_in = next((c.instead_of for c in before if c.id == old), None)  # only the group's file says so
    new = ChannelDefinition(**{name: getattr(typed, name) for name in Typed.__slots__}, instead_of=stands_in)
    after = [new if c.id == old else c for c in before] if old else [*before, new]
    try:
        await save(scope, form, channels=after)
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return _form(request, await scope_of(request), typed, old=old, moved=True)
    return led_to(f"/groups/{scope.id}/channels#channel-{typed.id}")


def _form(  # noqa: PLR0913 - a form, what was typed in it, and what is wrong with that
    request: web.Request,
    scope: Scope,
    typed: Typed,
    *,
    old: str = "",
    wrong: dict[str, Wrong] | None = None,
    moved: bool = False,
) -> web.Response:
    return page(
        request,
        "channel.html",
        actor=scope.actor,
        status=409 if moved else 422 if wrong else 200,
        group=scope.group,
        old=old,
        typed=typed,
        kind=_kind(scope, typed.kind),
        fields=_fields(scope, _without_secrets(typed, wrong or {})),
        audiences=AUDIENCES,
        tongues=LANGUAGES | {typed.language: LANGUAGES.get(typed.language, typed.language)},
        wrong=wrong or {},
        moved=moved,
    )


def kinds_of(scope: Scope) -> dict[str, Document]:
    """What each kind of the group's channels says of itself."""
    return {c["kind"]: _kind(scope, c["kind"]) for c in scope.group.get("channels", ())}


def _typed(
    scope: Scope, form: Mapping[str, Any], kind: str, id_: str, before: Mapping[str, Any] | None = None
) -> Typed:
    """What was typed; what no form can ask stays as it was."""
    _plugin(scope, kind)
    fields = _fields(scope, Typed(kind, settings=before or {}))
    settings = {name.removeprefix("s-"): value for name, value in form.items() if name.startswith("s-")}
    return Typed(
        kind=kind,
        id=id_,
        audience=text_of(form, "audience", most=20),
        language=text_of(form, "language", most=20) or "en",
        drills=flag(form, "drills"),
        settings=typed_in(fields, settings, before),
    )


def _wrong(scope: Scope, typed: Typed) -> dict[str, Wrong]:
    """What is wrong with each field; settings' names begin with `s-`, as in the form."""
    found = {f"s-{w.name}": w for w in wrong_in(_plugin(scope, typed.kind).Settings, typed.settings)}
    for path in foreign(typed.settings, scope.id):
        found.setdefault(f"s-{path[0]}", Wrong(f"s-{path[0]}", "secret_of_others", "", example_of(scope.id)))
    if not SLUG.match(typed.id):
        found["id"] = Wrong("id", "channel_id_wrong", "")
    if typed.audience not in AUDIENCES:
        found["audience"] = Wrong("audience", "literal_error", "")
    if typed.audience != "community" and _is_public(scope, typed):
        code = "feed_for_community" if typed.kind == "feed" else "public_for_community"
        found["audience"] = Wrong("audience", code, "")
    if len(channels_of(scope)) >= _MOST:
        found["id"] = Wrong("id", "too_many_channels", "")
    return found


def _is_public(scope: Scope, typed: Typed) -> bool:
    """Whether everybody could read it; settings that are wrong are named by themselves."""
    try:
        return bool(_plugin(scope, typed.kind).Settings.model_validate(dict(typed.settings)).public)
    except ValidationError:
        return False


def _without_secrets(typed: Typed, wrong: Mapping[str, Wrong]) -> Typed:
    """What was typed, without a secret that should never have been: it goes back to no browser."""
    clear = {w.name for w in wrong.values() if w.code == "secret_in_clear"}
    return replace(typed, settings={k: v for k, v in typed.settings.items() if k not in clear})


def _fields(scope: Scope, typed: Typed) -> list[Field]:
    return fields_of(_plugin(scope, typed.kind).Settings, typed.settings)


def _kind(scope: Scope, kind: str) -> Document:
    """What a kind says of itself, in English; there may be other words in the catalog."""
    plugin = scope.console.channels.plugin(kind)
    spec = plugin.spec if plugin is not None else None
    return {
        "kind": kind,
        "title": spec.title if spec else kind,
        "summary": spec.summary if spec else "",
        "who_else_reads": spec.who_else_reads if spec else "",
        "known": spec is not None,
    }


def _plugin(scope: Scope, kind: str) -> Any:
    plugin = scope.console.channels.plugin(kind)
    if plugin is None:
        raise Problem(
            404, "unknown_kind", "There is no such kind of channel here; go back and choose another."
        )
    return plugin


def _channel(scope: Scope, request: web.Request) -> ChannelDefinition:
    name = request.match_info["channel"]
    found = next((c for c in channels_of(scope) if c.id == name), None)
    if found is None:
        raise Problem(
            404, "unknown_channel", "The group has no such channel (any more); look at the list again."
        )
    return found


def _may_read(scope: Scope) -> None:
    if not scope.sees_settings:
        raise Problem(403, "settings_are_the_groups", "Only the group's admins see and change its channels.")


def _free_id(scope: Scope, kind: str) -> str:
    """An id that no channel of the group has: the kind, or the kind and a number."""
    taken = {c.id for c in channels_of(scope)}
    return next(name for n in range(1, _MOST + 2) if (name := kind if n == 1 else f"{kind}-{n}") not in taken)
