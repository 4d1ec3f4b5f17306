"""An open incident as one JSON value, so that it outlives the log's age limit, and back.

A message of the log has a size limit: however many and long the reports, a snapshot stays far
below it, because one that is refused would stop every later tick too.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from rpds import HashTrieMap

from services.router.decide.custody import Aftercare
from services.router.decide.homes import speaks_of_home
from services.router.decide.sayings import Told, Word
from services.router.decide.state import DAWN, Claim, Evidence, Incident, Proposal, Visit
from shared.contracts.base import Place
from shared.contracts.desk import Tally
from shared.contracts.incidents import GroupShare
from shared.contracts.peers import PassedOn

MOST_REPORTS: Final = 200
"""Reports that a snapshot carries at most, the latest ones."""

MOST_BYTES: Final = 300_000
"""Bytes of these reports as JSON; sealing makes 4 of every 3, and the log takes about a million."""

MOST_TEXT: Final = 500
"""Characters that a snapshot keeps of a report's text. Its sketch stays that of the whole text."""

_AFTERCARE: Final = TypeAdapter(Aftercare)
_VISITS: Final = TypeAdapter(tuple[Visit, ...])
_PROPOSED: Final = TypeAdapter(Proposal | None)
_WORDS: Final = TypeAdapter(tuple[Word, ...])
_TOLD: Final = TypeAdapter(Told | None)
_EVIDENCE: Final = TypeAdapter(list[Evidence])
_CLAIM: Final = TypeAdapter(Claim | None)
_TIME: Final = TypeAdapter(datetime | None)
_PLAIN: Final = ("id", "code", "status", "drill", "version", "placed_by_person", "first_hand", "merged_into")
_SAID: Final = ("said_over_at", "said_wrong_at")
_TIMES: Final = ("opened_at", "last_at", "ended_at", "stated_at")


def snapshot_of(incident: Incident) -> dict[str, Any]:
    """The incident as plain JSON values."""
    return {
        **{name: getattr(incident, name) for name in _PLAIN},
        **{name: _TIME.dump_python(getattr(incident, name), mode="json") for name in _TIMES},
        "place": incident.place.model_dump(mode="json") if incident.place else None,
        "groups": [share.model_dump(mode="json") for share in incident.groups],
        "told": [list(pair) for pair in incident.told],
        "claim": _CLAIM.dump_python(incident.claim, mode="json"),
        "tally": incident.tally.model_dump(mode="json"),
        "evidence": _dumped(_latest(incident)),
        "support": _dumped(incident.support),
        "home": incident.home,
        "setting": incident.setting,
        "peers": [peer.model_dump(mode="json") for peer in incident.peers],
        "vouched": incident.vouched,
        "rung": incident.rung,
        "waits_since": _TIME.dump_python(incident.waits_since, mode="json"),
        "asking": list(incident.asking),
        "aftercare": _AFTERCARE.dump_python(incident.aftercare, mode="json"),
        "visits": _VISITS.dump_python(incident.visits, mode="json"),
        "proposed": _PROPOSED.dump_python(incident.proposed, mode="json"),
        "seen": incident.seen,
        "bygone": incident.bygone,
        "words_by": _WORDS.dump_python(incident.words_by, mode="json"),
        "said": _TOLD.dump_python(incident.said, mode="json"),
        "checked": list(incident.checked),
        **{name: _TIME.dump_python(getattr(incident, name), mode="json") for name in _SAID},
        "best": _dumped([incident.best] if incident.best else []),
    }


def _dumped(reports: Iterable[Evidence]) -> Any:
    return _EVIDENCE.dump_python([_cut(report) for report in reports], mode="json")


def _cut(report: Evidence) -> Evidence:
    return replace(report, text=report.text[:MOST_TEXT])


def _latest(incident: Incident) -> list[Evidence]:
    """The latest reports that fit, oldest first."""
    newest = sorted(incident.evidence.values(), key=lambda e: (e.at, e.report), reverse=True)
    kept: list[Evidence] = []
    room = MOST_BYTES
    for report in newest[:MOST_REPORTS]:
        room -= len(_EVIDENCE.dump_json([_cut(report)]))
        if room < 0:
            break
        kept.append(report)
    return kept[::-1]


def incident_from(state: dict[str, Any]) -> Incident:
    """The incident that `snapshot_of` restated."""
    best = _EVIDENCE.validate_python(state["best"])
    evidence = _EVIDENCE.validate_python(state["evidence"])
    plain: dict[str, Any] = {name: state[name] for name in _PLAIN}
    times: dict[str, Any] = {name: _TIME.validate_python(state[name]) for name in _TIMES}
    return Incident(
        **plain,
        **times,
        place=Place.model_validate(state["place"]) if state["place"] else None,
        groups=tuple(GroupShare.model_validate(share) for share in state["groups"]),
        told=tuple((pair[0], pair[1]) for pair in state["told"]),
        claim=_CLAIM.validate_python(state["claim"]),
        tally=Tally.model_validate(state["tally"]),
        evidence=HashTrieMap({e.report: e for e in evidence}),
        heard_at=max((e.at for e in evidence), default=DAWN),
        support=tuple(_EVIDENCE.validate_python(state["support"])),
        best=best[0] if best else None,
        home=_home(state),
        setting=state.get("setting"),
        peers=tuple(PassedOn.model_validate(peer) for peer in state.get("peers", ())),
        vouched=state.get("vouched", 0),
        rung=state.get("rung", 0),
        waits_since=_TIME.validate_python(state.get("waits_since")),
        asking=tuple(state.get("asking", ())),
        aftercare=_AFTERCARE.validate_python(state.get("aftercare", {})),
        visits=_VISITS.validate_python(state.get("visits", ())),
        proposed=_PROPOSED.validate_python(state.get("proposed")),
        seen=state.get("seen", 0),
        bygone=state.get("bygone", False),
        words_by=_WORDS.validate_python(state.get("words_by", ())),
        said=_TOLD.validate_python(state.get("said")),
        checked=tuple(state.get("checked", ())),
        said_over_at=_TIME.validate_python(state.get("said_over_at")),
        said_wrong_at=_TIME.validate_python(state.get("said_wrong_at")),
    )


def _home(state: dict[str, Any]) -> bool:
    """A snapshot from before homes were carried tells by its reports."""
    if "home" in state:
        return bool(state["home"])
    return any(speaks_of_home(report["text"]) for report in state["evidence"])
