"""Names in a picture: never on top of one another, never cut off, the first wish first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.map.labels import Box, Label, Wanted, placed, shortened, width_of
from services.console.decide.map.view import SIZE

points = st.tuples(st.floats(-20, SIZE + 20), st.floats(-20, SIZE + 20))
wishes = st.lists(
    st.builds(
        Wanted,
        text=st.text(min_size=1, max_size=40),
        kind=st.just("street"),
        at=st.lists(points, min_size=1, max_size=3),
        size=st.sampled_from([11.0, 13.0]),
        beside=st.booleans(),
    ),
    max_size=25,
)


def box_of(label: Label, size: float) -> Box:
    half = width_of(label.text, size) / 2
    middle = label.x + {"start": half, "middle": 0.0, "end": -half}[label.anchor]
    return Box(middle - half, label.y - size * 0.85, middle + half, label.y + size * 0.25)


@given(wishes, st.lists(points))
def test_no_name_lies_on_another_or_on_what_is_taken_or_is_cut_off(
    wanted: list[Wanted], corners: list[tuple[float, float]]
) -> None:
    taken = [Box(x, y, x + 30, y + 20) for x, y in corners]
    found = placed(wanted, taken, most=12)
    assert len(found) <= 12
    boxes = [box_of(label, 11.0) for label in found]
    for n, box in enumerate(boxes):
        assert box.inside
        assert not any(box.meets(other) for other in (*boxes[:n], *taken))


def test_the_first_wish_comes_first_and_the_second_point_is_taken_if_the_first_is_full() -> None:
    middle = [(160.0, 160.0), (160.0, 60.0)]
    found = placed([Wanted("One", "street", middle), Wanted("Two", "street", middle)], [], most=5)
    assert [(label.text, label.y < 100) for label in found] == [("One", False), ("Two", True)]


def test_there_is_a_place_beside_a_mark_on_either_side() -> None:
    right = placed([Wanted("Dalston Junction", "station", [(20, 100)], beside=True)], [], most=1)
    left = placed([Wanted("Dalston Junction", "station", [(SIZE - 20, 100)], beside=True)], [], most=1)
    assert (right[0].anchor, left[0].anchor) == ("start", "end")
    assert right[0].point == (20, 100)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Ashwin Street", "Ashwin Street"),
        ("Stoke Newington Police Station and Cells", "Stoke Newington Police…"),
        ("x" * 40, "x" * 25 + "…"),
    ],
)
def test_a_long_name_is_cut_at_a_word(text: str, short: str) -> None:
    assert shortened(text) == short


def test_wide_scripts_take_more_room() -> None:
    assert width_of("达尔斯顿", 11) > width_of("Dals", 11)
