"""`/groups/ID/policy`: what the group decided about itself, as a form made from the contract."""

from typing import Any

from aiohttp import web

from services.console.account.pages import led_to
from services.console.decide.group.fields import Wrong, fields_of, typed_in, wrong_in
from services.console.group.pages import Scope, as_page, page, scope_of
from services.console.group.saving import MOVED_ON, save
from shared.contracts.groups import Policy
from shared.http import Problem


@as_page
async def get_policy(request: web.Request) -> web.StreamResponse:
    """The policy in force."""
    scope = await scope_of(request)
    return _form(request, scope, scope.group["definition"]["policy"])


@as_page
async def post_policy(request: web.Request) -> web.StreamResponse:
    """Save it; what this form cannot ask stays as it is."""
    scope, form = await scope_of(request), await request.post()
    before = scope.group["definition"]["policy"]
    fields = fields_of(Policy, before)
    typed = typed_in(fields, form, before)
    if wrong := wrong_in(Policy, typed):
        return _form(request, scope, typed, wrong=wrong)
    try:
        return led_to(await save(scope, form, policy=Policy.model_validate(typed)))
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return _form(request, await scope_of(request), typed, moved=True)


def _form(
    request: web.Request, scope: Scope, values: Any, *, wrong: list[Wrong] | None = None, moved: bool = False
) -> web.Response:
    return page(
        request,
        "policy.html",
        actor=scope.actor,
        status=409 if moved else 422 if wrong else 200,
        group=scope.group,
        fields=fields_of(Policy, values),
        wrong={w.name: w for w in wrong or ()},
        moved=moved,
    )
