"""The events of one input as they are decided, with the state they lead to so far."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.router.decide import alerts, ids
from services.router.decide.evolve import evolve
from services.router.decide.evolve_peers import is_hub
from services.router.decide.limits import SINGLES, SINGLES_WITHIN
from services.router.decide.state import DAWN, Ear, Incident, State
from shared.contracts.alerts import AlertKind, AlertRaised, Note, Urgency
from shared.contracts.base import GroupId, IncidentId, Message
from shared.contracts.desk import Ask, SmsTo
from shared.contracts.groups import Audience
from shared.gazetteer.port import Gazetteer


class Draft:
    """Collects one input's events; `state` is always the fold of what was emitted."""

    def __init__(self, state: State, prefix: str, now: datetime, gazetteer: Gazetteer) -> None:
        self.state, self.now, self.gazetteer = state, now, gazetteer
        self.messages: list[Message] = []
        self._prefix = prefix

    def next_id(self) -> str:
        """The id of the event that will be emitted next."""
        return f"{self._prefix}.{len(self.messages)}"

    def emit(self, model: type[Message], **fields: Any) -> None:
        """Add this event and evolve by it."""
        event = model(id=self.next_id(), at=self.now, **fields)
        self.messages.append(event)
        self.state = evolve(self.state, event)

    def incident(self, incident: IncidentId) -> Incident:
        """The incident as it is after the events so far."""
        return self.state.incidents[incident]

    def tell(  # noqa: PLR0913 - an alert's own parts
        self,
        incident: IncidentId,
        kind: AlertKind,
        whom: Iterable[tuple[GroupId, Audience]],
        *,
        urgency: Urgency = "normal",
        ask: Ask = "NONE",
        sms_to: SmsTo | None = None,
        statement: str = "",
        note: Note | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise one alert for each (group, audience), once each, in a fixed order.

        `facts` are further ones; what is for verifiers alone is taken out for others (`for_group`).
        `sms_to` is whom the person chose where it passes a cap; a correction goes to everyone.
        """
        about = self.incident(incident)
        body = alerts.body(about, self.state, self.gazetteer, statement=statement, note=note)
        if body is None:
            return
        body = body.model_copy(update=facts) if facts else body
        for group, audience in sorted(set(whom)):
            known = self.state.groups.get(group)
            if known is None:
                continue
            self.emit(
                AlertRaised,
                alert_id=ids.alert_id(self.next_id(), group, audience),
                group=group,
                group_version=known.version,
                audience=audience,
                kind=kind,
                urgency=urgency,
                ask=ask,
                sms_to=sms_to,
                not_after=self.now + timedelta(minutes=known.definition.policy.alert_life_min),
                drill=about.drill,
                incident_id=about.id,
                code=about.code,
                status=about.status,
                body=alerts.for_group(body, about, self.state, group, audience),
            )


def tell_first(draft: Draft, incident: IncidentId, kind: AlertKind = "UNCONFIRMED") -> None:
    """The first word to the verifiers of groups that have not heard yet, as far as their attention reaches.

    Beyond three within ten minutes an incident waits for the group's next digest (see `ticks`).
    """
    about = draft.incident(incident)
    drill = about.drill
    fresh = [p for p in verifiers(about) if p not in about.told and has_room(draft, (p[0], drill))]
    draft.tell(incident, kind, fresh, urgency="urgent")


def has_room(draft: Draft, ear: Ear, *, spare: int = 0) -> bool:
    """Whether the group's verifiers may be told one more thing singly, with so many to spare after it.

    Another hub may be told anything: it spares its own people's attention itself.
    """
    group, drill = ear
    if is_hub(group, draft.state.groups):
        return True
    if not drill and draft.now < draft.state.floods.get(group, DAWN):
        return False
    recent = [at for at in draft.state.singles.get(ear, ()) if draft.now - at < SINGLES_WITHIN]
    return len(recent) + spare < SINGLES


def verifiers(incident: Incident) -> list[tuple[GroupId, Audience]]:
    """The verifiers of every group concerned."""
    return [(share.group, "verifiers") for share in incident.groups]


def public(incident: Incident) -> list[tuple[GroupId, Audience]]:
    """The community and the partners of every group concerned."""
    return [(s.group, audience) for s in incident.groups for audience in ("community", "partners")]
