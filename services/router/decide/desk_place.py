"""A person says where it is: those whom it concerns newly are told of it, all others of what changed.

Guarantees: whoever was told a wrong place learns which one it was; the same place again tells nobody.
"""

from services.router.decide import reasons
from services.router.decide.alerts import places_before
from services.router.decide.desk_incident import first_word
from services.router.decide.draft import Draft, public, verifiers
from services.router.decide.judge import group_ids
from services.router.decide.route import concerned
from services.router.decide.sayings import ask_now, figures_known, statement_of
from services.router.decide.state import Incident
from shared.contracts import desk
from shared.contracts import incidents as events


def put_place(draft: Draft, command: desk.PutPlace, incident: Incident) -> str:
    """The place, and whose incident it is from now on. What people are asked stays as it is."""
    statement = statement_of(command)
    if statement is None or statement.place is None:
        return reasons.PLACE_NEEDED
    if incident.ended:
        return reasons.WRONG_STATUS
    groups = concerned(statement.place, draft.state.groups, draft.gazetteer) or incident.groups
    words = statement.text.strip()
    if (statement.place, groups, words) == (incident.place, incident.groups, ""):
        return reasons.UNCHANGED
    draft.emit(
        events.IncidentPlaced,
        incident_id=incident.id,
        member=command.member,
        groups=groups,
        where=events.IncidentPlace(place=statement.place),
    )
    _tell(draft, incident, statement.text)
    return reasons.APPLIED


def _tell(draft: Draft, before: Incident, words: str) -> None:
    after = draft.incident(before.id)
    new = set(group_ids(after.groups)) - set(group_ids(before.groups))
    known = set(before.told)
    fresh = [pair for pair in verifiers(after) if pair[0] in new and pair not in known]
    if after.status == "confirmed":
        fresh += [pair for pair in public(after) if pair[0] in new and pair not in known]
    ask = ask_now(after)
    draft.tell(before.id, first_word(after), fresh, urgency="urgent", ask=ask, statement=words)
    facts = {**places_before(before, after, draft.gazetteer), "figures_told": figures_known(before, after)}
    draft.tell(before.id, "UPDATE", before.told, ask=ask, sms_to="everyone", statement=words, facts=facts)
