"""Which situation words are chosen for: what most reports say, and whose law holds there."""

import pytest

from shared.contracts.situation import Jurisdiction, Setting
from shared.situation import jurisdiction_at, most_said


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ((), None),
        ((None, None), None),
        (("home",), "home"),
        ((None, "home", None), "home"),
        (("home", "work"), None),
        (("home", "work", "work"), "work"),
        (("street", "home", "work", "home", "street"), None),
    ],
    ids=str,
)
def test_what_most_reports_say(said: tuple[Setting | None, ...], found: Setting | None) -> None:
    assert most_said(said) == found
    assert most_said(reversed(said)) == found


@pytest.mark.parametrize(
    ("outcode", "found"),
    [
        ("E8", "england-wales"),
        ("CF10", "england-wales"),
        ("LL61", "england-wales"),
        ("NE71", "england-wales"),
        ("G41", "scotland"),
        ("EH1", "scotland"),
        ("ZE1", "scotland"),
        ("BT1", "northern-ireland"),
        ("e8", "england-wales"),
        ("TD15", None),
        ("TD1", None),
        ("CA6", None),
        ("DG16", None),
        ("JE2", None),
        ("GY1", None),
        ("IM1", None),
        ("BF1", None),
        ("", None),
        (None, None),
        ("8", None),
        ("E", None),
    ],
)
def test_whose_law_holds(outcode: str | None, found: Jurisdiction | None) -> None:
    """Said only where a whole district lies in one jurisdiction."""
    assert jurisdiction_at(outcode) == found
