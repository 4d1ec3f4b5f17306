"""Posts by chat: POST CODE signs a member up, POST CODE NO gives up, and THERE CODE says that they are at it.

The same commands as on the desk page. Where an incident has several posts, the next one that wants somebody
is meant, or the one that begins at the time they wrote (POST D7K 20:00). The answer says which it was.
"""

import re
from typing import Final
from zoneinfo import ZoneInfo

from services.router.decide import reasons
from services.router.decide.chat_talk import Talk
from services.router.decide.custody import Post
from services.router.decide.limits import POST_EARLY
from services.router.decide.post_told import line_of
from services.router.decide.reports import Answer
from services.router.decide.state import Incident
from shared.contracts.aftercare import CheckIn, JoinPost, LeavePost
from shared.contracts.alerts import DeskAnswer
from shared.words.desk_reply import DeskReply
from shared.words.desk_words import fold, keywords

_HERE: Final = ZoneInfo("Europe/London")
_MARKS: Final = " .,;!。।۔،"
_CLOCK: Final = re.compile(r"\b(\d{1,2})[:.h](\d{2})\b")


def about_post(talk: Talk, reply: DeskReply, incident: Incident) -> Answer | None:
    """What follows if it is about a post; None if it is about something else."""
    if reply.keyword == "POST":
        return _keep(talk, reply, incident)
    return _at_post(talk, incident) if reply.keyword == "THERE" else None


def _keep(talk: Talk, reply: DeskReply, incident: Incident) -> Answer:
    """They will stand at a post, or can't after all."""
    if keywords().get(fold(reply.words).strip(_MARKS), ("", ()))[0] == "NO":
        return _give_up(talk, incident)
    post = next((p for p in _open_to(talk, incident) if _meant(p, reply.words)), None)
    mine = _mine(talk, incident)
    if mine is not None and (post is None or not _CLOCK.search(reply.words)):
        # Whoever writes it twice has one place, and learns again which.
        _say(talk, "post_taken", incident, mine)
        return Answer("applied", reasons.UNCHANGED, incident.id)
    if post is None:
        talk.say("post_none", code=incident.code, drill=incident.drill)
        return Answer("refused", reasons.POST_FULL, incident.id)
    answer = talk.do(JoinPost(**talk.base(incident), post_id=post.id))
    return _told(talk, answer, "post_taken", incident, post)


def _at_post(talk: Talk, incident: Incident) -> Answer | None:
    """They are at the post that they keep, where one may be meant now; None: they are where it happens."""
    now = talk.draft.now
    known = [p for p in _own(talk, incident) if p.begins - POST_EARLY <= now]
    if not known:
        return None
    answer = talk.do(CheckIn(**talk.base(incident), post_id=known[0].id))
    return _told(talk, answer, "post_there", incident, known[0])


def _give_up(talk: Talk, incident: Incident) -> Answer:
    post = _mine(talk, incident)
    if post is None:
        talk.say("failed", code=incident.code, reason=reasons.NOT_ON_IT, drill=incident.drill)
        return Answer("refused", reasons.NOT_ON_IT, incident.id)
    answer = talk.do(LeavePost(**talk.base(incident), post_id=post.id))
    return _told(talk, answer, "post_left", incident, post)


def _told(talk: Talk, answer: Answer, said: DeskAnswer, incident: Incident, post: Post) -> Answer:
    if answer.outcome == "applied":
        _say(talk, said, incident, post)
    else:
        talk.refuse(answer.reason, incident)
    return answer


def _say(talk: Talk, said: DeskAnswer, incident: Incident, post: Post) -> None:
    talk.say(said, code=incident.code, post=line_of(post), drill=incident.drill)


def _running(talk: Talk, incident: Incident) -> list[Post]:
    """The posts that are not over, in the order in which they begin."""
    return [post for post in incident.aftercare.posts if post.ends > talk.draft.now]


def _open_to(talk: Talk, incident: Incident) -> list[Post]:
    """Those that want somebody, and that they do not keep."""
    running, now = _running(talk, incident), talk.draft.now
    return [p for p in running if p.wants(now) and all(keeper.who != talk.member for keeper in p.keepers)]


def _own(talk: Talk, incident: Incident) -> list[Post]:
    """Those that they keep and are not at yet."""
    return [
        post
        for post in _running(talk, incident)
        if any(keeper.who == talk.member and keeper.there_at is None for keeper in post.keepers)
    ]


def _mine(talk: Talk, incident: Incident) -> Post | None:
    return next(iter(_own(talk, incident)), None)


def _meant(post: Post, words: str) -> bool:
    """Whether it begins at the time that they wrote; any does where they wrote none."""
    clock = _CLOCK.search(words)
    begins = post.begins.astimezone(_HERE)
    return clock is None or (int(clock[1]), int(clock[2])) == (begins.hour, begins.minute)
