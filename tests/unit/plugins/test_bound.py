"""Whose secret a channel's reference is: a group's own or lent to all, and never another group's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import SHARED, SLUG
from shared.errors import SettingsError
from shared.plugins.bound import BoundSecrets, belongs, example_of, foreign, remedy


@pytest.mark.parametrize(
    ("reference", "group", "theirs"),
    [
        ("env:HACKNEY__TOKEN", "hackney", True),
        ("env:HACKNEY__TELEGRAM_TOKEN_2", "hackney", True),
        ("env:SHARED__TOKEN", "hackney", True),
        ("env:SOUTHWARK__TOKEN", "hackney", False),
        ("env:HACKNEY_TOKEN", "hackney", False),
        ("env:TOKEN", "hackney", False),
        ("env:hackney__token", "hackney", False),
        ("env:HACKNEY__", "hackney", False),
        ("env:HACKNEY_NORTH__TOKEN", "hackney-north", True),
        ("env:HACKNEY_NORTH__TOKEN", "hackney", False),
        ("env:HACKNEY__NORTH__TOKEN", "hackney", False),
        ("env:HACKNEY__NORTH__TOKEN", "hackney--north", True),
        ("env:HACKNEY___TOKEN", "hackney", False),
        ("env:RELAY_NATS_PASSWORD", "hackney", False),
        ("file:/run/secrets/hackney/token", "hackney", True),
        ("file:/run/secrets/shared/token", "hackney", True),
        ("file:/run/secrets/southwark/token", "hackney", False),
        ("file:/run/secrets/hackney/../southwark/token", "hackney", False),
        ("file:/run/secrets/hackney/deep/token", "hackney", False),
        ("file:run/secrets/hackney/token", "hackney", False),
        ("file:/home/hackney/token", "hackney", False),
        ("file:/etc/shadow", "etc", False),
        ("https://example.org/hook", "hackney", True),
        ("environment: fine", "hackney", True),
    ],
)
def test_whose_a_reference_is(reference: str, group: str, theirs: bool) -> None:  # noqa: FBT001 - a table
    assert belongs(reference, group) is theirs


_SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True).filter(lambda s: s != SHARED)


@given(_SLUGS, _SLUGS, st.from_regex(r"[A-Z0-9_]{1,12}", fullmatch=True))
def test_no_name_belongs_to_two_groups(one: str, other: str, rest: str) -> None:
    name = f"env:{one.upper().replace('-', '_')}__{rest}"
    if belongs(name, one) and belongs(name, other) and not belongs(name, "nobody"):
        # Only where the two are spelt alike in capitals is a name both's: a-b and a_b are no two ids.
        assert one.replace("-", "_") == other.replace("-", "_")
    assert SLUG.match(one)


def test_the_example_and_the_remedy_are_right() -> None:
    assert belongs(example_of("hackney-north"), "hackney-north")
    assert "env:HACKNEY_NORTH__NAME" in remedy("hackney-north")
    assert belongs("env:HACKNEY_NORTH__NAME", "hackney-north")


class Known:
    """Resolves everything, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolve(self, reference: str) -> str:
        self.asked.append(reference)
        return "value"


def test_anothers_secret_is_never_looked_at() -> None:
    known = Known()
    bound = BoundSecrets(known, "hackney")
    assert bound.resolve("env:HACKNEY__TOKEN") == "value"
    with pytest.raises(SettingsError, match="env:SOUTHWARK__TOKEN is no secret of this group; name it"):
        bound.resolve("env:SOUTHWARK__TOKEN")
    assert known.asked == ["env:HACKNEY__TOKEN"]


def test_every_place_in_the_settings_is_looked_at() -> None:
    settings = {
        "token": "env:T",
        "to": ["@one", "env:U"],
        "more": {"deep": [{"url": "env:HACKNEY__U"}, "file:/x"]},
    }
    assert list(foreign(settings, "hackney")) == [("token",), ("to", 1), ("more", "deep", 1)]
