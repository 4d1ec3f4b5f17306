"""The table role by address, by token and in a browser: whoever may not is refused.

Operators read no words.
"""

from typing import Any

import pytest

from services.console.decide.views import for_eyes
from shared.contracts.groups import GroupDefinition
from tests.rigs.console import Rig

WHO: dict[str, dict[str, str]] = {
    "verifier": {"hackney": "verifier"},
    "dispatcher": {"hackney": "dispatcher"},
    "admin": {"hackney": "admin"},
    "neighbour": {"peckham": "admin"},
    "operator": {"hub": "operator"},
}
RUNS = {"admin", "operator"}
EVERY = set(WHO)
OWN = {"verifier", "dispatcher", "admin"}
GROUP: dict[str, Any] = {"definition": GroupDefinition(id="hackney", name="H").model_dump(mode="json")}
ROLES = {"name": "Cy", "roles": {"hackney": "verifier"}}
HELD = {"incident": "D7K"}

API: list[Any] = [
    ("GET", "/v1/status", None, EVERY),
    ("GET", "/v1/groups", None, EVERY),
    ("GET", "/v1/desk/incidents/D7K", None, OWN),
    ("POST", "/v1/desk/claim", HELD, OWN),
    ("POST", "/v1/desk/confirm/preview", HELD, OWN),
    ("GET", "/v1/members", None, {*RUNS, "neighbour"}),
    ("POST", "/v1/members", ROLES, RUNS),
    ("POST", "/v1/invites", ROLES, RUNS),
    ("POST", "/v1/invites", {"name": "Zed", "member": "mzed"}, RUNS),
    ("PUT", "/v1/groups/hackney", GROUP, RUNS),
    ("GET", "/v1/kill-switch", None, EVERY),
    ("POST", "/v1/kill-switch", {"group": "hackney", "stopped": True}, RUNS),
    ("POST", "/v1/kill-switch", {"group": "hub", "stopped": True}, {"operator"}),
    ("DELETE", "/v1/members/mzed", None, RUNS),
]
PAGES: list[Any] = [
    ("GET", "/account", {}, EVERY),
    ("GET", "/members/roles", {}, EVERY),
    ("GET", "/members", {}, {*RUNS, "neighbour"}),
    ("GET", "/members/acts", {}, {*RUNS, "neighbour"}),
    ("POST", "/members/invite", {"name": "Cy", "group": "hackney", "role": "verifier"}, RUNS),
    ("POST", "/members/mzed/new-link", {}, RUNS),
    ("POST", "/members/mzed/revoke", {}, RUNS),
]


@pytest.fixture
async def hub(rig: Rig) -> Rig:
    await rig.group("hackney")
    await rig.group("peckham")
    await rig.incident()
    await rig.member("Zed", hackney="verifier")
    return rig


@pytest.mark.parametrize("who", WHO)
async def test_the_api_by_token(hub: Rig, who: str) -> None:
    token = await hub.member("Ada", **WHO[who])
    for method, path, body, may in API:
        assert (await hub.ask(method, path, json=body))[0] == 401, path
        status, answer = await hub.ask(method, path, token, json=body)
        assert (status < 300) == (who in may), (path, answer)
        assert who in may or status in {403, 404}, path


@pytest.mark.parametrize("who", WHO)
async def test_the_pages_in_a_browser(hub: Rig, who: str) -> None:
    await hub.member("Ada", **WHO[who])
    headers = await hub.signed_in("Ada")
    cookie = {"Cookie": headers["Cookie"]}
    for method, path, form, may in PAGES:
        options: dict[str, Any] = {"data": form, "allow_redirects": False} if method == "POST" else {}
        if method == "POST":
            assert await answer(hub, method, path, cookie, **options) == 403, "without our own page's token"
        status = await answer(hub, method, path, headers, **options)
        assert (status in {200, 303}) == (who in may), path
        assert who in may or status in {403, 404, 422}, path


@pytest.mark.parametrize(("method", "path", "form", "may"), PAGES)
async def test_whoever_is_not_signed_in_is_led_to_the_door(
    hub: Rig, method: str, path: str, form: dict[str, str], may: set[str]
) -> None:
    url, data = hub.url + path, form if method == "POST" else None
    async with hub.http.request(method, url, allow_redirects=False, data=data) as response:
        assert (response.status, response.headers["Location"].partition("?")[0]) == (303, "/sign-in")


async def answer(hub: Rig, method: str, path: str, headers: dict[str, str], **options: Any) -> int:
    async with hub.http.request(method, hub.url + path, headers=headers, **options) as response:
        assert response.status == 303 or response.content_type == "text/html"
        return response.status


async def test_an_operator_reads_nobodys_words(hub: Rig) -> None:
    said = "six officers at the corner"
    await hub.incident("i2", "N0B", groups=())
    token = await hub.member("Root", hub="operator")
    await hub.confirmed("i2", "N0B", said)
    await hub.shown()
    for path in (
        "/v1/desk/incidents",
        "/v1/desk/incidents/N0B",
        "/v1/desk/held",
        "/v1/desk/incidents?state=all",
    ):
        _, answer = await hub.ask("GET", path, token)
        assert said not in str(answer)
        assert "six officers" not in str(answer)
    status, _ = await hub.ask(
        "POST", "/v1/desk/confirm/preview", token, json={"incident": "N0B", "group": "hub"}
    )
    assert status == 403


def test_an_operator_sees_where_nobodys_incident_is_and_not_where_a_groups_is() -> None:
    step = {"what": "updated", "text": "they left"}
    incident = {"place": {"label": "here"}, "groups": [], "statement": "x", "timeline": [step]}
    seen = for_eyes(incident, {"hub": "operator"})
    assert (seen["place"], seen["statement"], seen["timeline"]) == (
        {"label": "here"},
        None,
        [{"what": "updated"}],
    )
    assert for_eyes({**incident, "groups": [{"group": "hackney"}]}, {"hub": "operator"})["place"] is None
    assert for_eyes(incident, {"hub": "operator", "hackney": "verifier"}) == incident
