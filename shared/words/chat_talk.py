"""What the relay takes of a group's own chat, and what it tells that chat: one rule for all bridges. Pure.

Only what is addressed to it, marked, or a reply to the desk is meant for the relay. All other talk is the
chat's own: a bridge drops it in memory, and nothing of it is stored or logged, only that there was some.
"""

from typing import Final, Literal

from shared.words.desk_reply import looks_like_desk_reply

Meant = Literal["report", "desk"]
"""As what a message is meant for the relay: a report, or a member's reply to the desk."""

GROUP_TALK: Final = "group_talk"
"""Why all else is no report."""
_AROUND: Final = ".,;:!?()"


def meant_in_chat(text: str, *, addressed: bool, hashtag: str) -> Meant | None:
    """As what it is meant for us, if it is; `addressed` if it answers us or calls us by our name."""
    meant = addressed or has_mark(text, f"#{hashtag}")
    if looks_like_desk_reply(text, addressed=meant):
        return "desk"
    return "report" if meant else None


def has_mark(text: str, mark: str) -> bool:
    """Whether this mark (#raid, @relay) stands among the words, in whatever case."""
    return mark.lower() in {word.strip(_AROUND).lower() for word in text.split()}


def told_in_chat(hashtag: str) -> str:
    """What a chat is told when the relay comes into it. It is no report itself, whoever reads along.

    In English: no chat says which language its people read.
    """
    return (
        "This is a program, the alert relay. Of what is written in this chat it takes only messages that are "
        f'addressed to it or have the hashtag "{hashtag}", and replies to alerts that name their code. '
        "Everything else stays yours: it is neither kept nor passed on. Whoever runs this chat can remove it."
    )
