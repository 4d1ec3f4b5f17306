"""Bounds that keep one input's events within one stored message, and the fixed time-outs."""

from datetime import timedelta
from typing import Final

from shared.at_work import LEASE

MOST_GROUPS: Final = 40
"""Groups told of one incident: three audiences of each are at most 120 alerts."""

MOST_SPLIT: Final = 200
"""Reports that one split may move."""

TICK_FILLS: Final = 250
"""Events after which a tick leaves the rest to the next one."""

MOST_WORDS: Final = 400
"""Rare words kept of one incident's reports."""

DIGEST_LINES: Final = 10
"""Held reports shown in one digest; the count of all is told beside them."""

DIGEST_NAMES: Final = 5_000
"""Held reports named by one event: a message of the log has a size limit."""

NEIGHBOURHOOD_M: Final = 400.0
"""Farther apart than this, beyond both uncertainties, two places are never one."""

SINGLES: Final = 3
"""First alerts that a group's verifiers get singly within `SINGLES_WITHIN`; more wait for a digest."""

SINGLES_WITHIN: Final = timedelta(minutes=10)

DIGEST_URGENT: Final = timedelta(minutes=4)
"""What a person must hear of within five minutes goes into a digest this soon."""

DIGEST_SELDOM: Final = timedelta(minutes=30)
"""In a flood a digest of what does not press comes this seldom."""

VAGUE_WAITS: Final = timedelta(minutes=3)
"""A clear report that names only an area waits this long for a better place; then its verifiers are told."""

QUESTIONS: Final = 3
"""Questions that one sender gets within `QUESTIONS_WITHIN` at most."""

QUESTIONS_WITHIN: Final = timedelta(hours=1)

QUESTION_WAITS: Final = timedelta(minutes=30)
"""So long an unanswered question is the last one, and what its sender writes next is its answer."""

QUESTION_LIFE: Final = timedelta(minutes=20)
"""Later than this nobody is asked any more: they are gone, or it is over."""

TEST_LIFE: Final = timedelta(minutes=1)
"""Whoever tests a channel waits for the answer no longer than this."""

DRILL_TOLD_LIFE: Final = timedelta(minutes=15)
"""That an exercise began, or ended, is told as long as it is news."""

STILL_NEWS: Final = timedelta(minutes=10)
"""A report that lay among the dead letters, or on its way from another hub, is decided by itself so long;
after that a person looks first."""

HOUR: Final = timedelta(hours=1)

OFFER_LIFE: Final = timedelta(minutes=15)
"""So long a one-time code makes a chat account a member's."""

JOIN_TRIES: Final = 10
"""Wrong one-time codes that one sender may try within the hour; then even a right one counts no more."""

STRANGER_ANSWERS: Final = 3
"""Answers to the desk words of an account that is no member's, within the hour."""

YES_WAITS: Final = timedelta(minutes=10)
"""So long a member's yes by chat counts."""

REPLIES: Final = 60
"""Answers by chat that one account gets within the hour: members at work write more than reporters."""

REPLY_LIFE: Final = timedelta(minutes=10)
"""Later than this an answer by chat is not sent any more: its reader has gone on."""

VAGUE_FORGETS: Final = timedelta(minutes=30)

MOVE_M: Final = 2_000.0
"""Farther than this a team does not move and stay one event."""

WATCH_SENDERS: Final = 3
WATCH_WITHIN: Final = timedelta(hours=1)
WATCH_M: Final = 250.0
"""So many people who report ordinary police this near to each other within the time make a watch."""

MOST_SIGHTINGS: Final = 20
WATCH_LIFE: Final = timedelta(hours=2)

CLAIM_LEASE: Final = LEASE
NEIGHBOURS: Final = 3
NEIGHBOURS_M: Final = 20_000.0
"""So many neighbour groups, and none farther than this, are asked when nobody takes an incident."""

SHIFT_REMINDED: Final = timedelta(minutes=60)
"""So long before it begins a shift that has room is brought to mind."""
SHIFT_EMPTY: Final = timedelta(minutes=30)
"""So long before it begins a shift that nobody has taken is."""
SHIFT_LONGEST: Final = timedelta(hours=24)
SHIFT_AHEAD: Final = timedelta(days=90)
SHIFT_NOTED: Final = timedelta(days=1)
"""So long after its end a note to the next ones may be left."""
MOST_SHIFTS: Final = 200
"""Shifts of one group."""

POSTS_GATHER: Final = timedelta(minutes=2)
"""Posts are opened several at a time; so long they wait to be told together."""
POST_UNFILLED: Final = timedelta(minutes=30)
"""So long before it begins the reserve hears of a post that lacks people."""
POST_NO_SHOW: Final = timedelta(minutes=10)
"""So long after its beginning the reserve hears that somebody has not come."""
POST_EARLY: Final = timedelta(hours=1)
"""Nobody checks in earlier than this."""
MOST_POSTS: Final = 60
"""Posts of one incident: its snapshot has a size limit."""
CHECK_AFTER: Final = timedelta(hours=2)
"""So long after people were taken somebody asks what became of them, unless another time is set."""
CHECK_AGAIN: Final = timedelta(hours=12)
"""So long after that it is asked again."""
CHECK_AHEAD: Final = timedelta(days=30)

PROPOSAL_LIFE: Final = timedelta(minutes=30)
"""So long a first person's confirmation waits for a second one."""

MUTE_LIFE: Final = timedelta(hours=24)
FLOOD_LIFE: Final = timedelta(hours=6)
"""Flood mode ends by itself after this, so that nobody forgets it."""

MOST_VISITS: Final = 20
DIGEST_GATHERS: Final = timedelta(minutes=1)
"""A digest waits this long for company, if none was sent lately."""
HELD_LIFE: Final = timedelta(days=14)
FORGOTTEN_AFTER: Final = timedelta(days=7)
RESTATED_AFTER: Final = timedelta(days=14)
"""What must outlive the log's age limit of 35 days is said again this often."""

DRILL_LIFE: Final = timedelta(hours=4)
"""An exercise that nobody ends is over after this, or so long after its last message as `DRILL_AFTER`."""

DRILL_AFTER: Final = timedelta(hours=2)

DRILL_OVER_IS_NEWS: Final = timedelta(hours=12)
"""That an exercise's time is over is told as late as this, after a router that stood still; then no more."""

DRILL_LONGEST: Final = timedelta(hours=10)
"""Its last message comes no later than this: its form's link is open as long."""
