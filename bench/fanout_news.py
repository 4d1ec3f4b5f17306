"""What a fan-out tells: news for a group's community, each time of another incident."""

from datetime import UTC, datetime, timedelta

from shared.contracts.alerts import AlertBody, AlertRaised, PublicPlace
from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.words import render


def definition(name: str) -> GroupDefinition:
    """A group of that name."""
    return GroupDefinition(id=name, name=name.title())


def an_alert(number: int, group: str) -> AlertRaised:
    """News of an incident of its own, for the community."""
    now = datetime.now(UTC)
    place = Place(lat=51.5466, lon=-0.075, radius_m=60, how="junction", label="Ashwin St/Kingsland Rd E8")
    public = PublicPlace(lat=51.546, lon=-0.075, radius_m=300, label="Ashwin St E8")
    return AlertRaised(
        id=f"e.{number}",
        at=now,
        alert_id=f"a{number}",
        group=group,
        group_version=1,
        audience="community",
        kind="CONFIRMED",
        urgency="urgent",
        not_after=now + timedelta(hours=2),
        incident_id=f"i{number}",
        code="D7K",
        status="confirmed",
        body=AlertBody(place=place, public=public, first_report_at=now),
    )


def words(group: str) -> str:
    """What the notifier makes of such news for a Matrix room."""
    return render(an_alert(0, group), definition(group), language="en", max_chars=4000, base_url="").text
