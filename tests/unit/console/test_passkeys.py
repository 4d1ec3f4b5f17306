"""Passkeys over HTTP: what an authenticator must prove, and that nothing else opens."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.account import Browser, invited, operator, path_of
from tests.rigs.authenticator import Authenticator
from tests.rigs.console import Rig, console_rig

ORIGIN = "https://relay.example"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Rig]:
    """A hub with a name. Its cookies travel over https only, so browsers here keep none of them."""
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_public_url=ORIGIN) as rig:
        await rig.group("hackney")
        await operator(rig)
        yield rig


@pytest.fixture
async def bo(hub: Rig) -> AsyncIterator[Browser]:
    async with Browser(hub) as browser:
        yield browser


def device(**more: Any) -> Authenticator:
    return Authenticator(ORIGIN, "relay.example", **more)


async def made(hub: Rig, bo: Browser, key: Authenticator, name: str = "Bo") -> tuple[int, dict[str, Any]]:
    path = path_of(await invited(hub, name)) + "/passkey"
    _, question = await bo.post_json(path + "/question")
    return await bo.post_json(path, key.make(question))


async def signed(bo: Browser, key: Authenticator) -> tuple[int, dict[str, Any]]:
    _, question = await bo.post_json("/sign-in/passkey/question")
    return await bo.post_json("/sign-in/passkey", key.sign(question))


async def test_a_passkey_lets_in_again_and_again(hub: Rig, bo: Browser) -> None:
    key = device()
    assert await made(hub, bo, key) == (200, {"next": "/desk"})
    for _ in range(2):
        assert await signed(bo, key) == (200, {"next": "/desk"})


async def test_the_question_names_nobody_and_wants_a_finger(hub: Rig, bo: Browser) -> None:
    _, question = await bo.post_json("/sign-in/passkey/question")
    assert (question["allowCredentials"], question["userVerification"]) == ([], "required")
    assert question["rpId"] == "relay.example"


def elsewhere(key: Authenticator) -> None:
    key.origin = "https://relay.example.evil.example"


def another_site(key: Authenticator) -> None:
    key.site = "evil.example"


def no_finger(key: Authenticator) -> None:
    key.verified = False


SPOILT: list[Callable[[Authenticator], None]] = [elsewhere, another_site, no_finger]


@pytest.mark.parametrize("spoil", SPOILT)
async def test_what_proves_nothing_opens_nothing(
    hub: Rig, bo: Browser, spoil: Callable[[Authenticator], None]
) -> None:
    key = device()
    await made(hub, bo, key)
    spoil(key)
    assert (await signed(bo, key))[1]["code"] == "passkey_unproven"
    assert (await made(hub, bo, key))[1]["code"] == "passkey_unproven"


async def test_an_answer_opens_once_and_for_what_was_asked(hub: Rig, bo: Browser) -> None:
    key = device()
    await made(hub, bo, key)
    _, question = await bo.post_json("/sign-in/passkey/question")
    answer = key.sign(question)
    assert (await bo.post_json("/sign-in/passkey", answer))[0] == 200
    assert (await bo.post_json("/sign-in/passkey", answer))[0] == 422
    path = path_of(await invited(hub, "Cy")) + "/passkey"
    _, other = await bo.post_json(path + "/question")
    assert (await bo.post_json("/sign-in/passkey", key.sign(other)))[0] == 422
    invented = {"challenge": "AAAA"}
    assert (await bo.post_json("/sign-in/passkey", key.sign(invented)))[0] == 422


async def test_nobody_puts_their_key_in_anothers_place(hub: Rig, bo: Browser) -> None:
    key = device()
    await made(hub, bo, key)
    status, said = await made(hub, bo, device(credential=key.credential), "Thief")
    assert (status, said["code"]) == (409, "login_taken")
    assert (await signed(bo, key))[0] == 200


async def test_a_counter_that_runs_backwards_is_a_copy(hub: Rig, bo: Browser) -> None:
    key = device()
    key.count = 5
    await made(hub, bo, key)
    key.count = 4
    assert (await signed(bo, key))[0] == 422
    key.count = 6
    assert (await signed(bo, key))[0] == 200
