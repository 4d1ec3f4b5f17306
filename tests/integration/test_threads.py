"""What follows answers the first message about its incident; what all can read is for the community alone."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.contracts.ledger import ChunkSettled
from shared.plugins.spec import Delivered, Outcome, Rejected, RenderedMessage
from shared.ports import Bus
from tests.integration.notifier_rig import Rig, ToldSettings, channel_kind

Call = tuple[str, str, str | None]
"""The alert, the address, and what it answers."""


class Chat:
    """A provider that gives ids, and knows what answered what; `refuses` an address for good."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.refuses: set[str] = set()
        self._ids = itertools.count()

    def takes(self, message: RenderedMessage, address: str, first: str | None = None) -> Outcome:
        self.calls.append((message.alert_id, address, first))
        return Rejected("no") if address in self.refuses else Delivered(f"m{next(self._ids)}")

    def kind(self) -> type[Any]:
        chat = self

        async def send(address: str, message: RenderedMessage) -> Outcome:
            return chat.takes(message, address)

        async def reply(
            _self: Any, address: str, message: RenderedMessage, *, key: str, first: str
        ) -> Outcome:
            assert key
            return chat.takes(message, address, first)

        made = channel_kind("chat", send)
        made.reply = reply  # type: ignore[attr-defined]
        return made


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
async def rig(bus: Bus, chat: Chat) -> AsyncIterator[Rig]:
    found = Rig(bus, {"chat": chat.kind(), "plain": channel_kind("plain")})
    yield found
    await found.stop()


async def told(rig: Rig, alert_id: str, **more: Any) -> None:
    await rig.alert(alert_id, **more)
    await rig.settled(alert_id)


async def test_what_follows_answers_the_first_message_and_no_other_incidents(rig: Rig, chat: Chat) -> None:
    await rig.group(room={"kind": "chat", "to": 2}, mail={"kind": "plain"})
    await rig.group("camden", room={"kind": "chat"})
    rig.start()
    await told(rig, "a1")
    await told(rig, "a2")
    await told(rig, "a3")
    await told(rig, "b1", incident_id="i2")
    await told(rig, "c1", group="camden")
    assert sorted(chat.calls, key=lambda call: call[:2]) == [
        ("a1", "address 0", None),
        ("a1", "address 1", None),
        ("a2", "address 0", "m0"),
        ("a2", "address 1", "m1"),
        ("a3", "address 0", "m0"),
        ("a3", "address 1", "m1"),
        ("b1", "address 0", None),
        ("b1", "address 1", None),
        ("c1", "address 0", None),
    ]


async def test_a_notifier_that_starts_anew_knows_the_first_message_from_the_ledger(
    rig: Rig, chat: Chat
) -> None:
    await rig.group(room={"kind": "chat"})
    rig.start()
    await told(rig, "a1")
    await rig.crash()
    rig.start()
    await told(rig, "a2")
    assert chat.calls == [("a1", "address 0", None), ("a2", "address 0", "m0")]


async def test_whoever_was_not_told_first_begins_a_thread_of_their_own(rig: Rig, chat: Chat) -> None:
    await rig.group(room={"kind": "chat"})
    rig.start()
    chat.refuses.add("address 0")
    await told(rig, "a1")
    chat.refuses.clear()
    await told(rig, "a2")
    await told(rig, "a3")
    assert chat.calls == [("a1", "address 0", None), ("a2", "address 0", None), ("a3", "address 0", "m0")]


class PublicSettings(ToldSettings):
    @property
    def public(self) -> bool:
        return True


async def test_what_everybody_can_read_takes_nothing_but_what_is_for_the_community(bus: Bus) -> None:
    everywhere = channel_kind("everywhere")
    everywhere.Settings = PublicSettings
    rig = Rig(bus, {"everywhere": everywhere})
    await rig.group(
        wrong={"kind": "everywhere", "audience": "verifiers"},
        right={"kind": "everywhere", "audience": "community"},
    )
    rig.start()
    await told(rig, "a1")
    await told(rig, "a2", audience="community", kind="CONFIRMED", status="confirmed")
    settled = [o for r in await rig.ledger() if isinstance(r, ChunkSettled) for o in r.outcomes]
    assert [(o.recipient, o.result, o.reason) for o in settled] == [
        ("wrong:0", "rejected", "not_for_public"),
        ("right:0", "delivered", "delivered"),
    ]
    await rig.stop()
