"""What admins do to their group: two of them never overwrite each other, and a test is no alert."""

from typing import Any

import pytest

from services.router.decide import reasons
from shared.contracts import desk
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB
from shared.contracts.groups import Area, ChannelDefinition, GroupChannels

from .conftest import HACKNEY, SHA, Story

CHAT = ChannelDefinition(id="chat", kind="telegram", audience="verifiers", drills=False)
FEED = ChannelDefinition(id="public", kind="feed", audience="community")


def define(story: Story, name: str, **more: Any) -> str:
    definition = HACKNEY.model_copy(update={"name": name})
    fields = {"member": "op", "group": HUB, "definition": definition, **more}
    return str(story.command(desk.DefineGroup, **fields).reason)


def version(story: Story) -> int:
    return story.state.groups[HACKNEY.id].version


def test_who_changes_a_version_that_another_has_changed_is_told_and_overwrites_nothing(story: Story) -> None:
    seen = version(story)
    assert define(story, "First", seen_version=seen) == reasons.APPLIED
    assert define(story, "Second", seen_version=seen) == reasons.GROUP_MOVED_ON
    assert (version(story), story.state.groups[HACKNEY.id].definition.name) == (seen + 1, "First")
    assert define(story, "First", seen_version=seen) == reasons.UNCHANGED, "they want the same"
    assert define(story, "Second", seen_version=seen + 1) == reasons.APPLIED


def test_a_new_group_takes_no_ones_id(story: Story) -> None:
    assert define(story, "Mine", seen_version=0) == reasons.GROUP_MOVED_ON


def test_a_file_that_names_no_version_replaces_whatever_is_there(story: Story) -> None:
    assert define(story, "First") == define(story, "Second") == reasons.APPLIED


@pytest.fixture
def with_channels(story: Story) -> Story:
    define(story, "Hackney", channels=GroupChannels(channels=(CHAT, FEED)))
    roles: Any = {"hackney": "admin"}
    story.command(
        desk.AddMember, member="op", group=HUB, new_member="a-hackney", roles=roles, token_sha256=SHA
    )
    return story


def try_out(story: Story, channel: str, **more: Any) -> str:
    fields = {"member": "a-hackney", "group": "hackney", **more}
    return str(story.command(desk.TestChannel, channel=channel, **fields).reason)


def test_a_test_goes_over_the_one_channel_that_it_names(with_channels: Story) -> None:
    assert try_out(with_channels, "chat") == reasons.APPLIED
    (raised,) = [e for e in with_channels.events if isinstance(e, AlertRaised)]
    assert (raised.kind, raised.channel, raised.audience) == ("TEST", "chat", "verifiers")
    assert (raised.incident_id, raised.body, raised.drill) == (None, None, False)
    assert raised.group_version == version(with_channels)


def test_a_test_uses_up_no_attention_and_tells_nobody_of_anything(with_channels: Story) -> None:
    before = with_channels.state
    for _ in range(5):
        try_out(with_channels, "chat")
    assert with_channels.state.singles == before.singles
    with_channels.report("Immigration raid at Ashwin Street", sender="a")
    assert ("hackney", "verifiers", "UNCONFIRMED") in with_channels.alerts()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"channel": "gone"}, reasons.UNKNOWN_CHANNEL),
        ({"channel": "chat", "member": "d-hackney"}, reasons.ROLE_TOO_LOW),
        ({"channel": "chat", "member": "d-southwark"}, reasons.NOT_YOUR_GROUP),
        ({"channel": "chat", "group": "southwark"}, reasons.NOT_YOUR_GROUP),
        ({"channel": "chat", "member": "op", "group": "nowhere"}, reasons.UNKNOWN_GROUP),
        ({"channel": "chat", "member": "op", "group": "southwark"}, reasons.UNKNOWN_CHANNEL),
    ],
)
def test_what_is_not_there_or_not_theirs_is_not_tested(
    with_channels: Story, asked: dict[str, Any], reason: str
) -> None:
    assert try_out(with_channels, **asked) == reason
    assert not with_channels.alerts()


def test_the_hubs_operator_may_test_any_groups_channel(with_channels: Story) -> None:
    assert try_out(with_channels, "public", member="op") == reasons.APPLIED


POINT, LINE = (-0.07, 51.55), (-0.06, 51.56)
TRIANGLE = ((-0.07, 51.55), (-0.06, 51.55), (-0.06, 51.56), (-0.07, 51.55))


@pytest.mark.parametrize(
    "polygons",
    [((),), (((),),), (((POINT,),),), (((POINT, LINE, POINT),),), ((TRIANGLE, (POINT, LINE, LINE, POINT)),)],
)
def test_an_outline_that_encloses_nothing_is_no_area(story: Story, polygons: Any) -> None:
    broken = HACKNEY.model_copy(update={"area": Area(polygons=polygons)})
    assert define(story, "Hackney", definition=broken) == reasons.AREA_BROKEN
    sound = HACKNEY.model_copy(update={"area": Area(polygons=((TRIANGLE,),), outcodes=("E8",))})
    assert define(story, "Hackney", definition=sound) == reasons.APPLIED
    assert story.report("Immigration raid at Ashwin Street E8").outcome == "opened"
