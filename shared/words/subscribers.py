"""What subscribers are answered: one of few answers in their language, and the end of each message. Pure.

Guarantees: what goes to a contact that nobody has confirmed says nothing about it but that somebody asked;
every answer fits two segments of SMS with usual names in it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefinition
from shared.contracts.subscribers import Answer, Follow
from shared.words.clean import clean
from shared.words.sms import spelled_plainly

_TEXTS: Final = Path(__file__).parent / "subscribers.toml"
_ELSE: Final = "en"
_NAME: Final = 30
_MOST_NAMED: Final = 2
HUB: Final = "alert-relay"
"""Who writes, where the group is not known yet."""


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Language → key → text."""
    read: dict[str, dict[str, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def subscriber_answer(  # noqa: PLR0913 - what a message depends on
    answer: Answer,
    language: str,
    follows: Sequence[Follow],
    groups: Mapping[GroupId, GroupDefinition],
    *,
    already: Sequence[Follow] = (),
    code: str = "",
    form: str = "",
) -> str:
    """The text in that language; in English where there is none. `form`: where one reports.

    `follows` is what the answer is about, `already` what they follow whatever comes of it.
    """
    said = texts().get(language, texts()[_ELSE])
    text = said[_key(answer, follows, already)]
    return text.format(
        hub=_hub(follows, groups),
        what=_what(follows, said, groups),
        code=code,
        report=said["report"].format(form=form) if form else "",
    )


def _key(answer: Answer, follows: Sequence[Follow], already: Sequence[Follow]) -> str:
    """Which text it is: whoever is on the list is not told that they were not."""
    witness = any(follow.choice == "witness" for follow in follows)
    match answer:
        case "joined" if witness:
            return "joined_witness"
        case "nobody" if already:
            return "nobody_more"
        case "confirm" if already:
            known = {(follow.group, follow.area) for follow in already}
            same = all((follow.group, follow.area) in known for follow in follows)
            return "confirm_witness" if witness and same else "confirm_more"
    return answer


def ending(language: str, link: str = "") -> str:
    """How one leaves: by the link, else by the word."""
    said = texts().get(language, texts()[_ELSE])
    return said["leave"].format(link=link) if link else said["stop"]


def _hub(follows: Sequence[Follow], groups: Mapping[GroupId, GroupDefinition]) -> str:
    names = [_name(groups, follow.group) for follow in follows]
    return names[-1] if names else HUB


def _what(
    follows: Sequence[Follow], said: Mapping[str, str], groups: Mapping[GroupId, GroupDefinition]
) -> str:
    """The areas, the newest first."""
    names = [
        clean(follow.area.label, _NAME)
        if follow.area
        else said["all"].format(group=_name(groups, follow.group))
        for follow in reversed(follows)
    ]
    named = list(dict.fromkeys(names))
    return ", ".join(named[:_MOST_NAMED]) + ("..." if len(named) > _MOST_NAMED else "")


def _name(groups: Mapping[GroupId, GroupDefinition], group: GroupId) -> str:
    found = groups.get(group)
    return spelled_plainly(clean(found.name, _NAME)) if found else HUB
