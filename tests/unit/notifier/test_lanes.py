"""Urgent first, groups in turn, nobody more than their room."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.lanes import Lane, Lanes

URGENT, BULK = True, False


def lanes(total: int = 100, **widths: int) -> Lanes[str]:
    return Lanes(total=total, widths=widths, usual_width=100)


def taken(lanes: Lanes[str]) -> list[str]:
    found = []
    while work := lanes.take():
        found.append(work[2])
    return found


def test_urgent_goes_first_and_groups_take_turns() -> None:
    work = lanes()
    for n in range(3):
        work.put(Lane(BULK, "a", "sms"), f"bulk{n}")
    for n in range(3):
        work.put(Lane(URGENT, "b", "sms"), f"b{n}")
    work.put(Lane(URGENT, "c", "sms"), "c0")
    assert taken(work) == ["b0", "c0", "b1", "b2", "bulk0", "bulk1", "bulk2"]


def test_a_hung_kind_of_one_group_takes_its_own_room_only() -> None:
    work = lanes(sms=2)
    for n in range(4):
        work.put(Lane(URGENT, "a", "sms"), f"sms{n}")
    work.put(Lane(URGENT, "a", "mail"), "mail")
    work.put(Lane(URGENT, "b", "sms"), "other")
    assert taken(work) == ["sms0", "mail", "other", "sms1"]
    assert len(work) == 2
    work.done(Lane(URGENT, "a", "sms"), 1)
    assert taken(work) == ["sms2"]


def test_a_quarter_is_kept_for_urgent_work() -> None:
    work = lanes(total=4)
    for n in range(4):
        work.put(Lane(BULK, "a", "sms"), f"bulk{n}")
    assert taken(work) == ["bulk0", "bulk1", "bulk2"]
    work.put(Lane(URGENT, "b", "sms"), "first")
    assert taken(work) == ["first"]


def test_what_is_larger_than_all_room_goes_alone() -> None:
    work = lanes(total=4, sms=2)
    work.put(Lane(BULK, "a", "sms"), "huge", size=64)
    assert taken(work) == ["huge"]
    assert work.under_way == 64


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(1, 5)),
        max_size=40,
    )
)
def test_everything_comes_out_once_and_room_is_never_exceeded(
    work: list[tuple[bool, str, str, int]],
) -> None:
    all_lanes: Lanes[int] = Lanes(total=12, widths={"x": 5}, usual_width=8)
    for number, (urgent, group, kind, size) in enumerate(work):
        all_lanes.put(Lane(urgent, group, kind), number, size=size)
    out: list[int] = []
    held: list[tuple[Lane, int, int]] = []
    while len(all_lanes) or held:
        while got := all_lanes.take():
            held.append(got)
            out.append(got[2])
        assert all_lanes.under_way <= 12
        assert held, "something waits, nothing is under way, and nothing is taken"
        lane, size, _ = held.pop(0)
        all_lanes.done(lane, size)
    assert sorted(out) == list(range(len(work)))
    assert all_lanes.under_way == 0
