"""The parts of one message find each other, whatever their order; what does not come holds nothing up."""

import asyncio
from dataclasses import replace
from itertools import permutations

import pytest

from services.ingest import joining
from services.ingest.joining import Joining
from shared.plugins.spec import IncomingReport, Part

LONG = 60.0
"""Seconds that no test waits for."""


def part(number: int, of: int = 3, *, message: str = "a 7", source_id: str = "") -> IncomingReport:
    text = f"{number} of {of} "
    return IncomingReport(source_id=source_id or f"id{number}", text=text, part=Part(message, number, of))


async def whole(held: Joining, *reports: IncomingReport, instance: str = "sms") -> list[IncomingReport]:
    """What the calls of these parts come to, each a call of its own."""
    found = await asyncio.gather(*(held.whole(instance, [report]) for report in reports))
    return [one for (one,) in found]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_in_any_order_they_are_one_report_for_every_call(order: tuple[int, ...]) -> None:
    found = await whole(Joining(LONG), *map(part, order))
    assert found == [IncomingReport(source_id="a 7\n3", text="1 of 3 2 of 3 3 of 3 ")] * 3


async def test_no_call_is_answered_before_the_last_part_is_there() -> None:
    held = Joining(LONG)
    first = asyncio.create_task(held.whole("sms", [part(1, 2)]))
    done, _ = await asyncio.wait({first}, timeout=0.05)
    assert not done
    assert await held.whole("sms", [part(2, 2)]) == await first


async def test_a_part_told_again_is_the_same_report_before_and_after() -> None:
    held = Joining(LONG)
    before = await whole(held, part(1, 2), part(1, 2), part(2, 2))
    after = await whole(held, part(1, 2), part(2, 2))
    assert len({report.source_id for report in before + after}) == 1


async def test_what_does_not_come_is_not_waited_for_and_nothing_is_lost() -> None:
    held = Joining(0)
    first, second, third = (part(number, source_id="a 7\n3") for number in (1, 2, 3))
    assert await whole(held, part(1), part(3)) == [first, third]
    assert await whole(held, part(1)) == [first]  # told again, it is the same
    assert await whole(held, part(2)) == [second]


async def test_a_part_that_came_late_does_not_take_what_is_stored_already() -> None:
    held = Joining(0)
    await whole(held, part(1, 2))
    (late,) = await whole(held, part(2, 2))
    assert late.text == "2 of 2 "


async def test_a_number_used_anew_begins_another_message() -> None:
    held = Joining(LONG)
    await whole(held, part(1, 2), part(2, 2))
    other = part(1, 2, source_id="x1"), replace(part(2, 2, source_id="x2"), text="other")
    assert {report.text for report in await whole(held, *other)} == {"1 of 2 other"}


async def test_messages_of_others_are_not_mixed_in() -> None:
    held = Joining(0)
    found = await whole(held, part(1, 2), part(2, 2, message="b 7"), part(2, 3, source_id="c"))
    found += await whole(held, part(2, 2), instance="other")
    assert all(report.part for report in found)


@pytest.mark.parametrize(("number", "of"), [(0, 2), (3, 2), (1, 1), (1, 0), (1, 255)])
async def test_a_part_that_cannot_be_is_taken_as_it_is(number: int, of: int) -> None:
    assert await whole(Joining(LONG), part(number, of)) == [part(number, of)]


async def test_whole_reports_wait_for_nothing() -> None:
    report = IncomingReport(source_id="one", text="whole")
    assert await whole(Joining(LONG), report) == [report]


async def test_no_flood_of_parts_fills_the_memory() -> None:
    held = Joining(0)
    for number in range(joining._MOST_MESSAGES + 20):
        await whole(held, part(1, 2, message=str(number)))
    assert len(held._messages) == joining._MOST_MESSAGES


async def test_no_words_are_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_KEPT_S", 0.0)
    held = Joining(0)
    await whole(held, part(1, 2))
    while held._messages:  # noqa: ASYNC110 - a timer of the loop's
        await asyncio.sleep(0)
