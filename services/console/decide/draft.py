"""A draft of the next commit: the documents that events touch, and what became of them.

Events are folded into the draft one after the other, so that a later event of the same commit
sees what an earlier one did. Only loaded documents can be read: reading another is a mistake of
ours and raises, because it would silently begin a document anew. A draft whose commit succeeded
goes on with what it knows, because only its holder writes; after any failure it is worthless.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

from shared.ports import Changes, Put

Document = dict[str, Any]

_DAY: Final = 24 * 3600
LIFE_S: Final = 35 * _DAY
"""The log's age limit: what it no longer holds, no rebuild would show either."""
_LIVES: Final[Mapping[str, int]] = {
    "report": LIFE_S,
    "alert": LIFE_S,
    "arrived": LIFE_S,
    "late": LIFE_S,
    "dead": LIFE_S,
    "channel_test": LIFE_S,
    "carried": LIFE_S,
    "subscribers": LIFE_S,
    "held": LIFE_S,
    "decided": LIFE_S,  # the page of acts says how each was decided
    "exercise": LIFE_S,
    "invite": 4 * _DAY,
    "mute": 2 * _DAY,
    "watch": _DAY // 8,
}

_KEPT: Final = 2_000
"""Documents kept from one commit to the next, those loaded last: an alert's records follow each other."""
_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})


class Draft:
    """Documents by key as loaded (None: there is none), and the changes so far."""

    def __init__(self) -> None:
        self._documents: dict[str, Document | None] = {}
        self._touched: set[str] = set()
        self._scores: dict[str, dict[str, float | None]] = {}
        self._drops: dict[str, str] = {}

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not loaded yet."""
        return [key for key in dict.fromkeys(keys) if key not in self._documents]

    def load(self, key: str, text: str | None) -> None:
        """Take in a document as the read model has it."""
        self._documents[key] = None if text is None else from_json(text)

    def get(self, key: str) -> Document | None:
        """The document, not to be changed."""
        return self._documents[key]

    def edit(self, key: str) -> Document:
        """The document, to be changed; a new one if there was none."""
        document = self._documents[key]
        if document is None:
            document = self._documents[key] = {}
        self._touched.add(key)
        return document

    def put(self, key: str, document: Document) -> None:
        """Set the whole document, whatever there was."""
        self._documents[key] = document
        self._touched.add(key)

    def delete(self, key: str) -> None:
        """Delete the document."""
        self._documents[key] = None
        self._touched.add(key)

    def score(self, index: str, name: str, score: float | None) -> None:
        """Put the name into the index, or (None) take it out."""
        self._scores.setdefault(index, {})[name] = score

    def drop(self, index: str, prefix: str) -> None:
        """Delete the index and every document that it names, also those of this draft."""
        scores = self._scores.pop(index, {})
        for name, score in scores.items():
            if score is not None:
                self.delete(prefix + name)
        if left := {name: None for name, score in scores.items() if score is None}:
            self._scores[index] = {**left}
        self._drops[index] = prefix

    def changes(self) -> Changes:
        """What is to be committed."""
        touched = {key: self._documents[key] for key in sorted(self._touched)}
        return Changes(
            puts={key: _put(key, doc) for key, doc in touched.items() if doc is not None},
            deletes=frozenset(key for key, doc in touched.items() if doc is None),
            scores=self._scores,
            drops=self._drops,
        )

    def public(self) -> bool:
        """Whether the changes may alter what everybody sees: public alerts, proven incidents, groups."""
        return "public" in self._scores or any(_public(key, self._documents[key]) for key in self._touched)

    def committed(self) -> None:
        """The changes are made: begin the next, with the documents as they are now."""
        if self._drops:  # what the dropped indexes named is gone, and not known by name here
            self._documents.clear()
        for key in list(self._documents)[: max(0, len(self._documents) - _KEPT)]:
            del self._documents[key]
        self._touched, self._scores, self._drops = set(), {}, {}


def _public(key: str, document: Document | None) -> bool:
    family = key.partition(":")[0]
    if family != "incident":
        return family == "group"
    return document is None or "forgotten" in document or document.get("status") not in _UNPROVEN


def _put(key: str, document: Document) -> Put:
    life = LIFE_S if document.get("forgotten") else _LIVES.get(key.partition(":")[0])
    return Put(to_json(document).decode(), life)
