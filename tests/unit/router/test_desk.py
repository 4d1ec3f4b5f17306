"""What the desk may not do by accident: cut off people who were told, or lose the hub's last operator."""

from typing import Any

import pytest

from shared.contracts import desk
from shared.contracts.base import HUB

from .conftest import SHA, Story

ASHWIN = "Immigration raid at Ashwin Street"
RIDLEY = "Immigration van Ridley Road market, my shop"


@pytest.mark.parametrize("later", ["confirmed", "officers_left", "aftercare", "not_confirmed"])
def test_what_the_community_was_told_is_not_absorbed_by_what_it_may_not_hear(
    story: Story, later: Any
) -> None:
    told, new = story.report(ASHWIN, sender="a"), story.report(RIDLEY, sender="b")
    story.command(desk.Confirm, incident_id=told.incident_id)
    if later == "not_confirmed":
        story.command(desk.Reject, incident_id=told.incident_id, outcome=later)
    elif later != "confirmed":
        story.command(desk.End, incident_id=told.incident_id, stage=later)
    before = story.state.incidents
    refused = story.command(desk.Merge, incident_id=new.incident_id, absorbed=told.incident_id)
    assert (refused.outcome, refused.reason) == ("refused", "merge_the_other_way")
    assert story.state.incidents == before
    story.command(desk.Confirm, incident_id=new.incident_id)
    merged = story.command(desk.Merge, incident_id=new.incident_id, absorbed=told.incident_id)
    assert merged.outcome == "applied"


def revoke(story: Story, member: str) -> tuple[str, str]:
    answer = story.command(desk.RevokeMember, member="op", group=HUB, revoked=member)
    return answer.outcome, answer.reason


def add(story: Story, member: str, roles: dict[str, str]) -> tuple[str, str]:
    answer = story.command(
        desk.AddMember, member="op", group=HUB, new_member=member, roles=roles, token_sha256=SHA
    )
    return answer.outcome, answer.reason


def test_the_last_operator_stays(story: Story) -> None:
    assert revoke(story, "op") == ("refused", "last_operator")
    assert add(story, "op", {"hackney": "admin"}) == ("refused", "last_operator")
    assert add(story, "op", {HUB: "operator", "hackney": "admin"}) == ("applied", "applied")
    assert add(story, "second", {HUB: "operator"}) == ("applied", "applied")
    assert revoke(story, "d-hackney") == ("applied", "applied")
    assert revoke(story, "op") == ("applied", "applied")
    assert set(story.state.members) >= {"second"}
