"""The rules that name a message's kind from its signs, in the order of their strength."""

from collections.abc import Sequence
from typing import Final, Literal

from services.router.decide.reading import CLAIM, SCENE, Reading

Kind = Literal[
    "report", "update", "over", "wrong", "question", "old_news", "other_police", "rumour", "chatter",
    "drill", "spam", "help", "unclear", "empty",
]  # fmt: skip


_LONE_HELP_WORDS: Final = 4


_RUMOURED: Final = 2


_PASSED_ON: Final = frozenset({"chatter", "event", "news", "hearsay", "rumour", "doubt"})


def rumours_in(readings: Sequence[Reading]) -> int:
    """How many phrases of rumour there are, at different places."""
    return len({(n, h.start) for n, r in enumerate(readings) for h in r.hits if h.sign == "rumour"})


def kind_of(
    readings: Sequence[Reading],
    told: frozenset[str],
    found: frozenset[str],
    denied: frozenset[str],
    words: int,
) -> Kind:
    """The first rule that fits; each line is one."""
    if "spam" in found and not told & {"seen", "act"}:
        return "spam"
    if "drill" in found and "real" not in told:
        return "drill"
    if _is_help(found, words):
        return "help"
    if _takes_back(readings, told, denied):
        return "wrong"
    if "over" in told and not told & {"still", "moved"}:
        return "question" if all(r.asks for r in readings if "over" in r.signs) else "over"
    return _kind_of_news(readings, told, found)


def _is_help(found: frozenset[str], words: int) -> bool:
    return "help" in found and words <= _LONE_HELP_WORDS and not found & {"agency", "raid", "immigration"}


def _takes_back(readings: Sequence[Reading], told: frozenset[str], denied: frozenset[str]) -> bool:
    """It was none: said in so many words, or an agency denied and none told."""
    claims = told & {"agency", "papers"}
    if "wrong" in told:
        return not (claims and told & {"still", "correct"})
    return (
        bool(denied & {"agency", "raid", "immigration"})
        and not told & CLAIM
        and not all(r.asks for r in readings)
    )


def _kind_of_news(readings: Sequence[Reading], told: frozenset[str], found: frozenset[str]) -> Kind:
    claimed = told & CLAIM or (told & {"centre"} if "act" in told else frozenset())
    scene = told & SCENE
    if not claimed and found & CLAIM and not told & {"act", "police", "other", "support"}:
        return "question"
    if not claimed and all(r.asks for r in readings):
        return "question"
    if (
        "old" in found
        and not (not claimed and found & {"chatter", "news", "event"})
        and not (claimed and told & {"still", "seen", "now"} and not _old_claim(readings))
        and not ("again" in told and told & {"now", "still", "seen"} and not found & _PASSED_ON)
    ):
        return "old_news"
    if claimed:
        return _kind_of_claim(told, found, scene, rumours_in(readings))
    return _kind_without_claim(readings, told, found)


def _old_claim(readings: Sequence[Reading]) -> bool:
    """Whether every clause that names the raid dates it to another day."""
    claims = [r for r in readings if r.told & CLAIM]
    return all("old" in r.signs for r in claims)


def _kind_of_claim(told: frozenset[str], found: frozenset[str], scene: frozenset[str], rumours: int) -> Kind:  # noqa: PLR0911 - one a rule
    if rumours >= _RUMOURED and not told & {"seen", "act"}:
        return "rumour"
    idle = found & {"chatter", "event", "news"} and not told & {"seen", "act", "still", "force"}
    if idle and not {"agency", "now"} <= told:
        return "chatter"
    if "support" in told and not told & {"seen", "still", "agency"}:
        return "update"
    if "other" in told and not told & {"agency", "papers", "immigration"}:
        return "other_police"
    if "police" in told and not told & {"agency", "papers", "immigration"} and not scene & {"seen"}:
        return "other_police"
    if "future" in told and not told & {"seen", "still", "act", "now"}:
        return "rumour"
    if told & {"immigration"} == claimed_only(told) and not scene and not found & {"near", "corner"}:
        return "chatter" if found & {"chatter", "news", "event"} else "report"
    return "report"


def claimed_only(told: frozenset[str]) -> frozenset[str]:
    """The claims among the signs."""
    return told & CLAIM


def _kind_without_claim(readings: Sequence[Reading], told: frozenset[str], found: frozenset[str]) -> Kind:  # noqa: PLR0911 - one a rule
    if rumours_in(readings) >= _RUMOURED or ("future" in told and told & {"rumour", "hearsay"}):
        return "rumour"
    if "support" in told:
        return "chatter" if found & {"news", "chatter"} and not told & {"act", "still", "more"} else "update"
    if told & {"police", "other"}:
        return "update" if "other" not in told and told & {"more", "still", "moved"} else "other_police"
    if all(r.asks for r in readings) or (
        found & {"ask", "doubt"} and not told & {"act", "force", "more", "still", "moved"}
    ):
        return "question"
    if found & {"chatter", "event", "news"}:
        return "chatter"
    if told & {"act", "force", "more", "still", "moved", "again", "correct"}:
        return "update"
    return "unclear"
