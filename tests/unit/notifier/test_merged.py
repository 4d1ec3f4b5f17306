"""Which incidents are one by now, and which alerts an end makes pointless: from the log alone."""

from typing import Any

import pytest

from services.notifier.decide.merged import Merged
from services.notifier.decide.overtaken import corrects, overtakes
from shared.contracts.incidents import IncidentMerged
from tests.integration.notifier_rig import NOW, an_alert


def merged(*pairs: tuple[str, str]) -> Merged:
    found = Merged()
    for absorbed, into in pairs:
        found.learn(
            IncidentMerged.model_validate(
                {"id": "m", "at": NOW, "incident_id": into, "absorbed": absorbed, "member": "ada"}
            )
        )
    return found


@pytest.mark.parametrize(
    ("pairs", "of", "now", "names"),
    [
        ((), "i1", "i1", {"i1"}),
        ((("i1", "i2"),), "i1", "i2", {"i1", "i2"}),
        ((("i1", "i2"), ("i2", "i3")), "i1", "i3", {"i1", "i2", "i3"}),
        ((("i1", "i3"), ("i2", "i3")), "i3", "i3", {"i1", "i2", "i3"}),
        ((("i1", "i2"),), "i4", "i4", {"i4"}),
        ((("i1", "i2"), ("i2", "i1")), "i2", "i2", {"i1", "i2"}),  # which no router decides
    ],
)
def test_what_became_one_is_known_by_every_name(
    pairs: tuple[tuple[str, str], ...], of: Any, now: str, names: set[str]
) -> None:
    found = merged(*pairs)
    assert (str(found.now(of)), {str(name) for name in found.names(of)}) == (now, names)


def test_what_is_about_no_incident_is_one_with_nothing() -> None:
    assert merged(("i1", "i2")).names(None) == frozenset()


@pytest.mark.parametrize(
    ("later", "earlier", "whether"),
    [
        ({"kind": "OVER"}, {"kind": "CONFIRMED"}, "superseded"),
        ({"kind": "WRONG"}, {"kind": "UPDATE"}, "superseded"),
        ({"kind": "NOT_CONFIRMED"}, {"kind": "UNCONFIRMED"}, "superseded"),
        ({"kind": "NO_NEWS"}, {"kind": "LIKELY"}, "superseded"),
        ({"kind": "CLOSED"}, {"kind": "OVER"}, None),  # each says what the other doesn't
        ({"kind": "CLOSED"}, {"kind": "AFTERCARE"}, None),
        ({"kind": "UPDATE"}, {"kind": "CONFIRMED"}, None),
        ({"kind": "OVER", "group": "peckham"}, {"kind": "CONFIRMED"}, None),
        ({"kind": "OVER", "audience": "community"}, {"kind": "CONFIRMED"}, None),
        ({"kind": "OVER", "incident_id": "i2"}, {"kind": "CONFIRMED"}, "superseded"),  # i1 was taken into it
        ({"kind": "OVER", "incident_id": "i3"}, {"kind": "CONFIRMED"}, None),
        ({"kind": "OVER"}, {"kind": "QUESTION", "incident_id": None}, None),
        ({"kind": "UPDATE", "status": "confirmed"}, {"kind": "OVER"}, "corrected"),  # it isn't over after all
        ({"kind": "UPDATE", "status": "unconfirmed"}, {"kind": "NO_NEWS"}, "corrected"),
        ({"kind": "UPDATE", "status": "confirmed", "incident_id": "i2"}, {"kind": "OVER"}, "corrected"),
        ({"kind": "UPDATE", "status": "officers_left"}, {"kind": "OVER"}, None),  # it was at another place
        ({"kind": "UPDATE", "status": "confirmed", "audience": "community"}, {"kind": "OVER"}, None),
    ],
)
def test_what_is_said_later_overtakes_what_is_no_longer_so_for_the_same_people(
    later: dict[str, Any], earlier: dict[str, Any], whether: str | None
) -> None:
    assert overtakes(an_alert("a2", **later), an_alert("a1", **earlier), merged(("i1", "i2"))) == whether


@pytest.mark.parametrize(
    ("later", "earlier", "whether"),
    [
        ({"kind": "UPDATE", "sms_to": "everyone"}, {"kind": "CONFIRMED"}, True),
        ({"kind": "UPDATE", "sms_to": "everyone", "incident_id": "i2"}, {"kind": "CONFIRMED"}, True),
        ({"kind": "UPDATE"}, {"kind": "CONFIRMED"}, False),  # it waits itself
        ({"kind": "UPDATE", "sms_to": "everyone"}, {"kind": "CONFIRMED", "incident_id": "i3"}, False),
        ({"kind": "UPDATE", "sms_to": "everyone"}, {"kind": "OVER"}, False),  # which never waits
    ],
)
def test_what_goes_to_everyone_at_once_corrects_what_waits_for_its_hour(
    later: dict[str, Any], earlier: dict[str, Any], *, whether: bool
) -> None:
    about: dict[str, Any] = {"audience": "community", "urgency": "normal"}
    first, then = an_alert("a1", **{**about, **earlier}), an_alert("a2", **{**about, **later})
    assert corrects(then, first, merged(("i1", "i2"))) is whether
