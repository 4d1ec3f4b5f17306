"""A group's own words: two people, exactly the version that was looked at, and an end."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.decide import reasons
from services.router.decide.desk_words import MOST
from services.router.decide.limits import RESTATED_AFTER
from shared.contracts import desk, wording
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB
from shared.contracts.groups import GroupDefined
from shared.contracts.own_words import GroupWords, OwnWords, WordsSignature, WordsText
from shared.words.own import starters

from .conftest import HACKNEY, SHA, Story

TEXT = starters()["CONFIRMED"]
SLOT: dict[str, Any] = {"kind": "CONFIRMED", "size": "short", "language": "en"}


@pytest.fixture
def group_story(story: Story) -> Story:
    """Two admins and, from the story, a dispatcher; and a verifier."""
    for name, role in (("ada", "admin"), ("ben", "admin"), ("vera", "verifier")):
        roles: Any = {"hackney": role}
        story.command(desk.AddMember, member="op", group=HUB, new_member=name, roles=roles, token_sha256=SHA)
    return story


def words(story: Story) -> dict[str, OwnWords]:
    """By state."""
    return {w.state: w for w in story.state.groups[HACKNEY.id].words.words}


def version(story: Story) -> int:
    return story.state.groups[HACKNEY.id].version


def propose(story: Story, text: str = TEXT, member: str = "ada", **more: Any) -> str:
    fields = {**SLOT, "words": WordsText(text=text), "member": member, **more}
    return str(story.command(wording.ProposeWords, **fields).reason)


def review(story: Story, seen: int, member: str = "ben", days: int = 90, **more: Any) -> str:
    signed: Any = {"signed_by": "Ben", "signed_as": "member", **more}
    signature = WordsSignature(**signed, expires_on=story.now.date() + timedelta(days=days))
    fields = {**SLOT, "language": more.pop("language", "en"), "version": seen, "member": member}
    fields["signature"] = signature
    return str(story.command(wording.ReviewWords, **fields).reason)


def withdraw(story: Story, seen: int, member: str = "ben") -> str:
    return str(story.command(wording.WithdrawWords, **SLOT, version=seen, member=member).reason)


def test_a_second_person_puts_in_use_what_a_first_proposed(group_story: Story) -> None:
    assert propose(group_story) == reasons.APPLIED
    proposed = words(group_story)["waiting"]
    assert (proposed.version, proposed.proposed_by, proposed.text) == (version(group_story), "ada", TEXT)
    assert review(group_story, proposed.version) == reasons.APPLIED
    used = words(group_story)["in_use"]
    assert (used.version, used.text, used.reviewed_by, used.signed_by) == (
        proposed.version,
        TEXT,
        "ben",
        "Ben",
    )
    assert used.signed_on == group_story.now.date()
    assert "waiting" not in words(group_story)


def test_nobody_reviews_their_own(group_story: Story) -> None:
    propose(group_story)
    assert review(group_story, version(group_story), member="ada") == reasons.OWN_PROPOSAL
    assert "in_use" not in words(group_story)


def test_who_looked_at_another_version_reviews_nothing(group_story: Story) -> None:
    propose(group_story)
    seen = version(group_story)
    propose(group_story, TEXT.replace("officers,", "officers at"), seen=seen)
    assert review(group_story, seen) == reasons.WORDS_MOVED_ON
    assert review(group_story, version(group_story)) == reasons.APPLIED


def test_a_number_is_never_given_twice(group_story: Story) -> None:
    propose(group_story)
    seen = version(group_story)
    withdraw(group_story, seen)
    propose(group_story, TEXT.replace("officers,", "officers at"))
    assert review(group_story, seen) == reasons.WORDS_MOVED_ON


def test_two_reviewers_at_once(group_story: Story) -> None:
    propose(group_story)
    seen = version(group_story)
    assert review(group_story, seen, member="ben") == reasons.APPLIED
    assert review(group_story, seen, member="d-hackney") == reasons.WORDS_REVIEWED
    assert words(group_story)["in_use"].reviewed_by == "ben"


def test_two_who_propose_never_overwrite_each_other(group_story: Story) -> None:
    assert propose(group_story) == reasons.APPLIED
    assert propose(group_story, TEXT + "\n9 More.", member="ben") == reasons.WORDS_MOVED_ON
    assert propose(group_story, seen=version(group_story)) == reasons.UNCHANGED
    assert words(group_story)["waiting"].text == TEXT


def test_what_is_in_use_stays_until_other_words_are_reviewed(group_story: Story) -> None:
    propose(group_story)
    review(group_story, version(group_story))
    used = words(group_story)["in_use"]
    assert propose(group_story, TEXT + "\n9 More.", seen=used.version) == reasons.APPLIED
    assert words(group_story)["in_use"] == used
    assert review(group_story, words(group_story)["waiting"].version) == reasons.APPLIED
    assert words(group_story)["in_use"].text == TEXT + "\n9 More."


def test_a_draft_asks_for_nobody(group_story: Story) -> None:
    assert propose(group_story, "! half a", draft=True) == reasons.APPLIED
    assert review(group_story, version(group_story)) == reasons.WORDS_ARE_DRAFT
    assert propose(group_story, TEXT, seen=version(group_story)) == reasons.APPLIED
    assert list(words(group_story)) == ["waiting"], "it takes the draft's place"


def test_words_that_do_not_fit_are_never_in_use(group_story: Story) -> None:
    propose(group_story, TEXT.replace("{{ place }}", "somewhere"))
    assert review(group_story, version(group_story)) == reasons.WORDS_WRONG


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (1, True), (366, True), (367, False)])
def test_a_review_has_an_end_within_a_year(group_story: Story, days: int, *, fits: bool) -> None:
    propose(group_story)
    found = review(group_story, version(group_story), days=days)
    assert found == (reasons.APPLIED if fits else reasons.EXPIRY_WRONG)


@pytest.mark.parametrize(("as_", "fits"), [("member", False), ("native_reader", True), ("lawyer", True)])
def test_another_language_needs_somebody_who_reads_it(group_story: Story, as_: str, *, fits: bool) -> None:
    propose(group_story, language="tr")
    found = review(group_story, version(group_story), language="tr", signed_as=as_)
    # `language` is the slot's, not the signature's
    assert found == (reasons.APPLIED if fits else reasons.READER_NEEDED)


def test_anybody_who_reviews_may_withdraw_and_the_rest_stays(group_story: Story) -> None:
    propose(group_story)
    used = version(group_story)
    review(group_story, used)
    propose(group_story, TEXT + "\n9 More.", seen=used)
    assert withdraw(group_story, used, member="d-hackney") == reasons.APPLIED
    assert list(words(group_story)) == ["waiting"]
    assert withdraw(group_story, used) == reasons.WORDS_MOVED_ON


def test_nothing_sealed_is_nothing_proposed(group_story: Story) -> None:
    assert propose(group_story, words=None) == reasons.CONTENT_GONE
    propose(group_story)
    bare = group_story.command(wording.ReviewWords, **SLOT, version=version(group_story), member="ben")
    assert bare.reason == reasons.CONTENT_GONE


def test_who_may(group_story: Story) -> None:
    assert propose(group_story, member="op") == reasons.NOT_YOUR_GROUP, "what a group says is its own"
    assert propose(group_story, member="d-hackney") == reasons.ROLE_TOO_LOW
    propose(group_story)
    assert review(group_story, version(group_story), member="vera") == reasons.ROLE_TOO_LOW
    assert review(group_story, version(group_story), member="op") == reasons.NOT_YOUR_GROUP
    assert review(group_story, version(group_story), member="d-southwark") == reasons.NOT_YOUR_GROUP


def test_there_is_an_end_to_how_many(group_story: Story) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [a + b for a in letters[:5] for b in letters]
    found = [propose(group_story, "! x", language=name, draft=True) for name in names[: MOST + 1]]
    assert found == [reasons.APPLIED] * MOST + [reasons.TOO_MANY]


def test_they_outlive_a_change_of_the_group_and_are_said_again(group_story: Story) -> None:
    propose(group_story)
    review(group_story, version(group_story))
    before = words(group_story)
    renamed = HACKNEY.model_copy(update={"name": "Other"})
    group_story.command(desk.DefineGroup, member="op", group=HUB, definition=renamed)
    assert words(group_story) == before
    (again,) = [
        e
        for e in group_story.tick(after_s=RESTATED_AFTER.total_seconds() + 60)
        if isinstance(e, GroupDefined) and e.group == "hackney"
    ]
    assert isinstance(again.words, GroupWords)
    assert again.words.words == tuple(before.values())
    assert words(group_story) == before


def test_an_alert_names_the_version_that_holds_its_words(group_story: Story) -> None:
    propose(group_story)
    review(group_story, version(group_story))
    group_story.report("Immigration raid at Ashwin Street", sender="a")
    raised = [e for e in group_story.events if isinstance(e, AlertRaised) and e.group == "hackney"]
    assert [e.group_version for e in raised] == [version(group_story)]
