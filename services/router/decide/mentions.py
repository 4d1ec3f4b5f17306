"""What a text says about places, unresolved: points, postcodes, districts and names with their candidates."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations
from typing import Final, Literal

from services.router.decide.codes import Codes, find_codes
from services.router.decide.lexicon import common_words, known_words, lexicon, place_words
from services.router.decide.name_words import (
    ENDINGS,
    ROAD_WORDS,
    STREETS,
    capitalised,
    denied,
    denied_after,
    is_phonetic,
    is_preposition,
    known,
    roads_meant,
    spellings,
    surely_heard,
    translations,
)
from services.router.decide.text import clauses
from shared.gazetteer.keys import GENERIC, canonical, name_key, tells, written_out
from shared.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.gazetteer.skeleton import skeleton
from shared.geo import distance_m
from shared.text import tokens

How = Literal["exact", "bare", "translated", "sounded", "inflected", "shortened", "similar"]

MOST_NAMES: Final = 8
"""Names of one text that are looked at: nobody in need writes a list of streets, an attacker may."""

_SUFFIX: Final = re.compile(r"(?<=\w)['’](?!s\b)\w{1,4}\b", re.IGNORECASE)
"""Endings that some languages hang on names: "Rye Lane'de"."""
_SHORTEST_ALONE: Final = 4
_LONG_ALONE: Final = 7
_SHORTEST_STEM: Final = 4
_SHORTEST_PART: Final = 3
_MOST_SIMILAR: Final = 6
_DISTRICT_M: Final = 4_000.0
_AREA_M: Final = 1_000.0
_CHECKED_APART: Final = 6
_BESIDE: Final = 3
"""Words at most between a street that every town has and the town's name."""
_MOST_SOUNDED: Final = 4


@dataclass(frozen=True, slots=True)
class Mention:
    """One name in the text: as the gazetteer writes it, all places it may mean, and how it was recognised."""

    name: str
    candidates: tuple[NamedPlace, ...]
    start: int
    end: int
    how: How = "exact"
    score: float = 100.0
    """How alike the spelling is; 100 unless `how` is similar."""
    denied: bool = False
    """Whether the text says that it is not there: "not Mare Street"."""
    capital: bool = False
    """Whether every word of it is written with a capital, in a text that uses them."""
    generic: bool = False
    """Whether it is made of everyday words and so means nothing without its surroundings: "the library"."""

    @property
    def precise(self) -> bool:
        """Whether its likeliest places are streets, buildings or stations, not an area of that name."""
        best = max(place.rank for place in self.candidates)
        return all(place.kind in PRECISE for place in self.candidates if place.rank == best)

    @property
    def may_be_area(self) -> bool:
        """Everyday words name an area only together: "Wood Green", "Park Royal", not "the green"."""
        return not self.generic or (" " in self.name and not self.name.startswith("The "))


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything in the text that may be a place."""

    codes: Codes
    names: tuple[Mention, ...]


@lru_cache(maxsize=4_096)
def find_mentions(text: str, languages: tuple[str, ...], gazetteer: Gazetteer) -> Mentions:
    """Read a text; longest names first, none inside another."""
    codes = find_codes(text, gazetteer)
    names = tuple(_distinct(_Scan(codes.rest, languages, gazetteer).mentions()))
    return Mentions(codes=codes, names=tuple(_with_its_area(name, names, gazetteer) for name in names))


def _with_its_area(name: Mention, names: Sequence[Mention], gazetteer: Gazetteer) -> Mention:
    """Of a name that every town has, the town's: "Hounslow, High Street" is Hounslow High Street."""
    if name_key(name.name) not in GENERIC:
        return name
    beside = (n for n in names if n is not name and max(name.start - n.end, n.start - name.end) <= _BESIDE)
    both = [f"{a} {b}" for n in beside for a, b in permutations((name_key(n.name), name_key(name.name)))]
    own = [place for whole in both for place in gazetteer.named(whole)]
    return replace(name, candidates=tuple(own), generic=False) if own else name


def _distinct(mentions: Iterator[Mention]) -> Iterator[Mention]:
    seen: set[tuple[str, bool]] = set()
    for mention in mentions:
        if (mention.name, mention.denied) not in seen:
            seen.add((mention.name, mention.denied))
            yield mention
            if len(seen) == MOST_NAMES:
                return


def where_it_was(mentions: Mentions, languages: Sequence[str]) -> Mentions:
    """Without the places that somebody moves towards: "vans gone towards East Ham"."""
    words = [word for part in clauses(_SUFFIX.sub(" ", mentions.codes.rest)) for word in part.tokens]
    names = tuple(m for m in mentions.names if not _headed_for(words, m.start, m.end, languages))
    return replace(mentions, names=names)


def _headed_for(words: Sequence[str], start: int, end: int, languages: Sequence[str]) -> bool:
    """Whether words of direction stand just before it, or after it where the language puts them there."""
    before, after = words[max(0, start - _CHECKED_APART) : start], words[end : end + _BESIDE]
    ahead = (hit for hit in lexicon().hits(before, languages) if hit.sign == "heading")
    behind = (hit for hit in lexicon().hits(after, languages) if hit.sign == "heading")
    return any(len(before) - hit.end <= 1 for hit in ahead) or any(
        hit.start == 0 and hit.language in _POSTPOSING for hit in behind
    )


class _Scan:
    """One pass over a text's words, clause by clause."""

    def __init__(self, text: str, languages: tuple[str, ...], gazetteer: Gazetteer) -> None:
        text = _SUFFIX.sub(" ", text)
        self._languages, self._gazetteer = languages, gazetteer
        self._capitals = capitalised(text)
        self._parts = [part.tokens for part in clauses(text)]
        self._endings = [e for language in languages for e in ENDINGS.get(language, ())]
        self._similar_left = _MOST_SIMILAR

    def mentions(self) -> Iterator[Mention]:
        """Every name, in the order of the text."""
        offset = 0
        for words in self._parts:
            at = 0
            while at < len(words):
                found = self._at(words, at, offset)
                if found is not None:
                    yield found
                    at = found.end - offset
                else:
                    at += 1
            offset += len(words)

    def _at(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        return (
            self._translated(words, at, offset)
            or self._sounded(words, at, offset)
            or self._rejoined(words, at, offset)
            or self._exact(words, at, offset)
            or self._inflected(words, at, offset)
            or self._shortened(words, at, offset)
            or self._similar(words, at, offset)
        )

    def _made(  # noqa: PLR0913,PLR0917 - a mention's parts
        self, places: Sequence[NamedPlace], words: Sequence[str], at: int, length: int, offset: int, how: How,
        score: float = 100.0,
    ) -> Mention:  # fmt: skip
        run = words[at : at + length]
        return Mention(
            name=places[0].name,
            candidates=tuple(places),
            start=at + offset,
            end=at + length + offset,
            how=how,
            score=score,
            denied=denied(words, at) or denied_after(words, at + length) or self._set_apart(words, at),
            capital=bool(self._capitals) and all(w in (self._capitals or ()) or w.isdigit() for w in run),
            generic=not self._looks_named(run)
            and not (length > 1 and canonical(run)[-1] in STREETS)
            and all(w in common_words() or w in ROAD_WORDS or w.isdigit() for w in canonical(run)),
        )

    def _looks_named(self, run: Sequence[str]) -> bool:
        """Whether everyday words end as a name does, with its own part in capitals if there are any."""
        own = all(word in (self._capitals or ()) for word in run[:-1]) or not self._capitals
        return len(run) > 1 and own and _surely_a_name(run) and tells(" ".join(canonical(run)))

    def _set_apart(self, words: Sequence[str], at: int) -> bool:
        """Whether it is named as the place of another event: "a different thing from Springburn"."""
        before = words[max(0, at - _CHECKED_APART) : at]
        if _FROM.isdisjoint(before[-2:]):
            return False
        hits = lexicon().hits(before, self._languages)
        ends = [hit.end for hit in hits if hit.sign == "apart"]
        return any(len(before) - end <= 1 and _FROM & {*before[end - 1 :]} for end in ends)

    def _translated(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A name in another script or language, by the lexicon's table."""
        if words[at].isascii() and words[at] not in lexicon().places_by_first:
            return None
        for length, english in translations(words, at):
            run = tokens(english)
            roads = roads_meant(words, at + length)
            for road in roads:
                if places := self._gazetteer.named(" ".join((*canonical(run), road))):
                    return self._made(places, words, at, length + 1, offset, "translated")
            places = self._gazetteer.named(" ".join(canonical(run)))
            if places and not self._is_part_of_a_street(words, at + length, run):
                before_a_road = any(len(skeleton(road)) > 1 for road in roads) and not known(
                    words[at + length]
                )
                how: How = "bare" if before_a_road else "translated"
                return self._made(places, words, at, length, offset, how)
        return None

    def _sounded(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A name spelt by ear in another script: "ديوك ستريت"; its road word may be the language's own."""
        if words[at].isascii() or not is_phonetic(words[at]):
            return None
        for length in range(min(_MOST_SOUNDED, len(words) - at), 0, -1):
            run = words[at : at + length]
            if any(known(w) or w.isascii() for w in run) or self._named_inside(words, at, length):
                continue
            for spelt in spellings(run):
                found = self._gazetteer.sounding(spelt)
                if places := surely_heard(spelt, found, introduced=self._introduced(words, at)):
                    return self._made(places, words, at, length, offset, "sounded", found[0][0])
        return None

    def _named_inside(self, words: Sequence[str], at: int, length: int) -> bool:
        """Whether a later word begins a name that the table knows: "Partick, Glasgow" are two."""
        return any(
            self._gazetteer.named(" ".join(canonical(tokens(english))))
            for n in range(at + 1, at + length)
            for _, english in translations(words, n)
        )

    def _exact(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        if not self._gazetteer.begins(*canonical(words[at : at + 1])):
            return None
        written = canonical(words[at : at + self._gazetteer.longest_name])
        for length in range(len(written), 0, -1):
            places = self._with_station(" ".join(written[:length]))
            if places and length == 1 and (longer := self._longer(words, at, places)):
                return self._made(longer, words, at, 2, offset, "shortened")
            if places and self._may_stand(words, at, length):
                places = [*places, *self._spaced_otherwise(" ".join(written[:length]))]
                return self._made(places, words, at, length, offset, "exact")
            if places and length == 1 and self._may_be_bare(words[at]):
                return self._made(places, words, at, 1, offset, "bare")
        return None

    def _rejoined(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A name of two words heard as three: "lord ship lane", as machines write down what is spoken."""
        if at + 2 >= len(words) or written_out(words[at + 2]) not in STREETS:
            return None
        key = " ".join(canonical((words[at] + words[at + 1], words[at + 2])))
        apart = self._gazetteer.named(" ".join(canonical(words[at : at + 3])))
        places = () if apart else self._gazetteer.named(key)
        return self._made(places, words, at, 3, offset, "similar") if places else None

    def _spaced_otherwise(self, key: str) -> Sequence[NamedPlace]:
        """What a street's name may mean besides if its first word is two: "northend road"."""
        first, _, rest = key.partition(" ")
        if rest not in STREETS or len(first) < _LONG_ALONE:
            return ()
        cuts = range(_SHORTEST_PART, len(first) - _SHORTEST_PART + 1)
        found = (self._gazetteer.named(f"{first[:cut]} {first[cut:]} {rest}") for cut in cuts)
        return [place for places in found for place in places]

    def _longer(self, words: Sequence[str], at: int, shorter: Sequence[NamedPlace]) -> Sequence[NamedPlace]:
        """What two words stand for whose first is a place elsewhere: "Thornton Heath", not Thornton."""
        run = words[at : at + 2]
        if len(run) < 2 or not self._capitals or not all(word in self._capitals for word in run):  # noqa: PLR2004 - two words
            return ()
        found = self._gazetteer.shortened(" ".join(canonical(run)))
        return () if any(_beside(place, shorter) for place in found) else found

    def _with_station(self, key: str) -> Sequence[NamedPlace]:
        """The places of that name; one known only by its district lies where its station or market does."""
        places = self._gazetteer.named(key)
        if not places or not all(place.approximate for place in places):
            return places
        better = [
            b
            for b in self._gazetteer.shortened(key)
            if b.kind in {"station", "landmark"} and _beside(b, places)
        ]
        if not better:
            return places
        lat, lon = sum(b.lat for b in better) / len(better), sum(b.lon for b in better) / len(better)
        return tuple(
            replace(p, lat=lat, lon=lon, radius_m=_AREA_M, approximate=False)
            for p in places
            if _beside(better[0], [p])
        )

    def _may_be_bare(self, word: str) -> bool:
        """A name in small letters, with nothing before it: "ahun vauxhall", "walthamstow market"."""
        long = len(word) >= _LONG_ALONE or (not self._capitals and len(word) > _SHORTEST_ALONE)
        return long and not word.isdigit() and not known(word)

    def _may_stand(  # noqa: PLR0911 - one a rule
        self, words: Sequence[str], at: int, length: int
    ) -> bool:
        """Whether a run of words is likely meant as a name: everyday words only where they look like one."""
        run = words[at : at + length]
        if self._is_part_of_a_street(words, at + length, run):
            return False
        if length > 1:
            everyday = all(w in common_words() or w.isdigit() or w in known_words() for w in run)
            return not everyday or self._introduced(words, at) or self._capital(run) or _surely_a_name(run)
        word = run[0]
        if word in place_words():
            return self._introduced(words, at)
        if len(word) < _SHORTEST_ALONE or word.isdigit():
            return False
        if word in common_words() or word in known_words():
            return self._introduced(words, at) and self._capitals is not None and word in self._capitals
        common = lexicon().common.get(word, frozenset())
        if common & set(self._languages):
            return False
        return (
            self._introduced(words, at) or self._capital(run) or sum(map(len, self._parts)) <= _SHORTEST_ALONE
        )

    def _is_part_of_a_street(self, words: Sequence[str], after: int, run: Sequence[str]) -> bool:
        """Whether a road word follows: "Dumbarton Road" is a street nobody has listed, not the town."""
        return (
            after < len(words)
            and written_out(words[after]) in STREETS - _IN_ITS_MIDDLE
            and canonical(run)[-1] not in ROAD_WORDS
        )

    def _introduced(self, words: Sequence[str], at: int) -> bool:
        """Whether a preposition stands before it, or what it is: "stacja Barking"."""
        return at > 0 and (
            is_preposition(words[at - 1]) or "transport" in known_words().get(words[at - 1], ())
        )

    def _capital(self, run: Sequence[str]) -> bool:
        return self._capitals is None or any(word in self._capitals for word in run)

    def _inflected(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A name with its language's ending: "na Brixtonie", "Tottenhamda"."""
        if not self._endings or len(words[at]) <= _SHORTEST_STEM:
            return None
        for length in range(min(4, len(words) - at), 0, -1):
            *head, last = words[at : at + length]
            for ending in self._endings:
                stem = last.removesuffix(ending)
                if stem != last and len(stem) >= _SHORTEST_STEM and stem not in common_words():
                    places = self._gazetteer.named(" ".join(canonical([*head, stem])))
                    if places and (length > 1 or self._capital([last])):
                        return self._made(places, words, at, length, offset, "inflected")
        return None

    def _shortened(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A name without its last word: "corner of Ashwin and Kingsland"."""
        if known(words[at]) or not (self._introduced(words, at) or self._capital([words[at]])):
            return None
        for length in range(min(3, len(words) - at), 0, -1):
            run = words[at : at + length]
            if any(known(w) for w in (run[:-1] if length > 1 and run[-1] in ROAD_WORDS else run)):
                continue
            if length == 1 and len(run[0]) <= _SHORTEST_ALONE:
                continue
            key = " ".join(canonical(run))
            places = () if self._gazetteer.named(key) else self._gazetteer.shortened(key)
            if places:
                return self._made(places, words, at, length, offset, "shortened")
        return None

    def _similar(self, words: Sequence[str], at: int, offset: int) -> Mention | None:
        """A misspelt name: some words that end like a street, or one strange word after a preposition."""
        if self._similar_left <= 0 or known(*canonical(words[at : at + 1])):
            return None
        for length in range(min(4, len(words) - at), 0, -1):
            if length > 1 and written_out(words[at + length - 1]) not in ROAD_WORDS:
                continue
            run = canonical(words[at : at + length])
            if not self._looks_like_a_name(words, at, run):
                continue
            if any(
                (key := " ".join(run[n:])) not in GENERIC and self._gazetteer.named(key)
                for n in range(1, len(run) - 1)
            ):
                continue  # "21 Ashwin Street" is no misspelling: the name begins later
            self._similar_left -= 1
            found = self._gazetteer.similar(" ".join(run))
            if found:
                best = found[0][0]
                places = [place for score, place in found if score >= best - 1]
                return self._made(places, words, at, length, offset, "similar", best)
        return None

    def _looks_like_a_name(self, words: Sequence[str], at: int, run: Sequence[str]) -> bool:
        """The first word is no known one, and of several the last is a road's."""
        strange = (len(w) for w in run if not known(w) and w not in ROAD_WORDS)
        if len(run) == 1:
            word = run[0]
            return (
                len(word) > _SHORTEST_ALONE
                and self._named_by_case(word)
                and self._introduced(words, at)
                and any(strange)
            )
        return not is_preposition(run[0]) and max(strange, default=0) >= _SHORTEST_ALONE

    def _named_by_case(self, word: str) -> bool:
        return self._capitals is not None and word in self._capitals


_IN_ITS_MIDDLE: Final = frozenset({"broadway", "parade"})
"""Streets that lie in the middle of what they are named after: Greenford Broadway is in Greenford."""
_POSTPOSING: Final = frozenset({"bn", "hi", "tr", "ur", "zh"})
"""Languages in which words of direction may follow the name."""
_FROM: Final = frozenset(
    {"from", "to", "with", "w", "wi", "than", "as", "de", "del", "du", "dal", "od", "den", "dan"}
)
"""Words that end "another one than", rather than "another one on"."""


def _surely_a_name(run: Sequence[str]) -> bool:
    """Whether everyday words are a name all the same: "green street", "east ham station", no "the road"."""
    return canonical(run)[-1] in _NAMED and run[0] not in _NO_NAMES


_NAMED: Final = frozenset({"road", "street", "avenue", "station", "market", "junction", "lane", "lanes"})
_NO_NAMES: Final = frozenset(
    {
        "a", "the", "this", "that", "these", "those", "my", "our", "your", "his", "her", "their", "one",
        "every", "each", "which", "what", "same", "next", "other", "another", "whole", "long", "side", "back",
        "cross", "main", "high", "busy", "quiet", "local", "little", "big", "old", "new", "in", "on", "at",
        "down", "up", "off", "bus", "bike", "cycle", "fast", "slow", "middle", "outside", "inside",
    }
)  # fmt: skip


def _beside(place: NamedPlace, others: Sequence[NamedPlace]) -> bool:
    return any(distance_m(place.lat, place.lon, o.lat, o.lon) <= _DISTRICT_M for o in others)
