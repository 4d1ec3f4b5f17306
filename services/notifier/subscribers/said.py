"""What an answer says and where it goes, from what was asked and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notifier.decide.pseudo import EMAIL
from services.notifier.decide.subscribing import Asked, language_of
from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefinition
from shared.contracts.subscribers import (
    BookRecord,
    Follow,
    Said,
    SignedUp,
    Subscriber,
    SubscriberKept,
)
from shared.plugins.spec import RenderedMessage
from shared.sealing import MasterKey
from shared.subscribing import code_of, leave_path
from shared.words.subscribers import ending, subscriber_answer, texts

_OF_WHAT_WAITS: Final = frozenset({"confirm", "wrong_code"})
_IN: Final = frozenset({"joined", "imported"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, ready to go."""

    way: str
    address: str
    message: RenderedMessage


def answer_to(
    asked: Asked,
    record: BookRecord,
    master: MasterKey,
    groups: Mapping[GroupId, GroupDefinition],
    *,
    form: str,
) -> Answer | None:
    """The answer; None where there is nobody to say it to, or nothing to say."""
    details = record.details if isinstance(record, SubscriberKept) else None
    kept = details if isinstance(details, Subscriber) else None
    to = asked if isinstance(asked, Said | SignedUp) else kept
    if to is None or record.answer is None:
        return None
    language = _language(asked, record, kept)
    text = subscriber_answer(
        record.answer,
        language,
        _follows(record, kept),
        groups,
        already=kept.follows if kept else (),
        code=_code(kept, master),
        form=form,
    )
    link = _leave_link(record, to.way, master, form) if record.answer in _IN else ""
    return Answer(to.way, to.address, _message(record, text, language, link))


def _leave_link(record: BookRecord, way: str, master: MasterKey, form: str) -> str:
    """By e-mail nobody can answer STOP: there it is a link."""
    if way != EMAIL or not form or not isinstance(record, SubscriberKept):
        return ""
    return f"{form.rstrip('/')}{leave_path(master, record.subscriber)}"


def _language(asked: Asked, record: BookRecord, kept: Subscriber | None) -> str:
    if kept is not None:
        waits = kept.pending if record.answer in _OF_WHAT_WAITS else None
        return waits.language if waits else kept.language
    if isinstance(asked, Said):
        return language_of(asked, None, frozenset(texts()))
    return asked.language if isinstance(asked, SignedUp) else "en"


def _follows(record: BookRecord, kept: Subscriber | None) -> tuple[Follow, ...]:
    """What the answer is about: what is to be confirmed, or what they follow."""
    if kept is None:
        return ()
    return kept.pending.follows if record.answer == "confirm" and kept.pending else kept.follows


def _code(kept: Subscriber | None, master: MasterKey) -> str:
    return code_of(master, kept.pending.ticket) if kept and kept.pending else ""


def _message(record: BookRecord, text: str, language: str, link: str) -> RenderedMessage:
    return RenderedMessage(
        alert_id=record.id.replace(".", "-"),
        kind="REPLY",
        subject=text.partition(". ")[0][:100],
        text=f"{text}\n\n{ending(language, link)}" if link else text,
        urgent=False,
        language=language,
        leave_url=link,
    )
