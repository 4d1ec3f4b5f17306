"""The evenings the relay is built for, end to end on real servers: who is told what, and who is not."""

from pathlib import Path

from tests.acceptance.scenario import Player, define_example_groups, split_at, steps
from tests.rigs.sink import Sink
from tests.rigs.system import RelaySystem

SUFFICES = 4320
"""The second at which somebody in Ashwin Street says immigration, and where."""
CONFIRMED, LEFT, CLOSED = 4680, 6900, 7800


def told(sink: Sink, kind: str) -> list[tuple[str, str]]:
    """Who got messages of that kind, each message once, in order of arrival."""
    return [(m.group, m.audience) for m in sink.received(kind=kind)]


async def test_dalston(tmp_path: Path) -> None:
    """One incident; the right people, once each, at the right moment, and the end told to the same."""
    verifiers, community = ("hackney", "verifiers"), ("hackney", "community")
    before, rest = split_at(steps("dalston-2022"), SUFFICES)
    async with RelaySystem(tmp_path) as relay:
        await define_example_groups(relay)
        player, sink = Player(relay), relay.sink

        await player.play(before)
        assert told(sink, "UNCONFIRMED") == []
        await player.play(rest[:1])
        assert told(sink, "UNCONFIRMED") == [verifiers]

        unconfirmed, rest = split_at(rest[1:], CONFIRMED)
        await player.play(unconfirmed)
        assert told(sink, "CONFIRMED") == []
        assert not sink.received(audience="community")

        await player.play(rest[:1])
        assert told(sink, "CONFIRMED").count(community) == 1
        assert set(told(sink, "CONFIRMED")) <= {verifiers, community}

        confirmed, rest = split_at(rest[1:], LEFT)
        await player.play(confirmed)
        assert told(sink, "OVER") == []
        leaving, closing = split_at(rest, CLOSED)
        await player.play(leaving)
        assert sorted(told(sink, "OVER")) == [community, verifiers]
        await player.play(closing)
        assert sorted(told(sink, "CLOSED")) == [community, verifiers]

        assert told(sink, "UNCONFIRMED") == [verifiers]
        about = {m.payload["code"] for m in sink.received() if m.payload.get("code")}
        assert len(about) == 1
        assert {m.group for m in sink.received() if m.payload.get("code")} == {"hackney"}
        assert len(player.log.of("DECISIONS", "incident.opened.v1")) == 1
        assert max(sink.copies().values()) == 1


async def test_three_scenarios_at_once(tmp_path: Path) -> None:
    """Three incidents; each with its own group, and nobody else woken."""
    homes = {"dalston-2022": "hackney", "peckham-2022": "southwark", "kenmure-street-2021": "pollokshields"}
    async with RelaySystem(tmp_path) as relay:
        await define_example_groups(relay)
        player, sink = Player(relay), relay.sink
        await player.play(steps(*homes))
        assert len(player.log.of("DECISIONS", "incident.opened.v1")) == 3
        assert sorted(told(sink, "UNCONFIRMED")) == sorted((group, "verifiers") for group in homes.values())
        for kind in ("OVER", "CLOSED"):
            everybody = [(g, a) for g in homes.values() for a in ("verifiers", "community")]
            assert sorted(told(sink, kind)) == sorted(everybody)
        for group in homes.values():
            assert told(sink, "CONFIRMED").count((group, "community")) == 1
        assert {m.group for m in sink.received() if m.payload.get("code")} == set(homes.values())
        assert max(sink.copies().values()) == 1
