"""What came of a simulation: incidents as the desk shows them, letters as the postbox logged them.

Lost and duplicate are counted from the postbox's own log: every alert that the desk names should
have reached each address of its group's channels exactly once.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import aiohttp

from alert_relay.client import NotReachableError, SaidNoError
from alert_relay.simulation.desk import DemoDesk

_STATUS_OF: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "opened": lambda _: "unconfirmed",
    "assessed": lambda step: step.get("status"),
    "confirmed": lambda _: "confirmed",
    "rejected": lambda step: step.get("outcome"),
    "ended": lambda step: step.get("stage"),
    "quiet": lambda _: "no_news",
    "merged_into": lambda _: "merged",
}
Address = tuple[str, str]
"""Group and audience."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address of a group's channel that lies in the postbox."""

    kind: str
    path: str


@dataclass
class Picture:
    """Everything seen from outside at one moment."""

    incidents: list[dict[str, Any]] = field(default_factory=list)
    """With their reports, history and the alerts told."""
    letters: list[dict[str, Any]] = field(default_factory=list)
    routes: Mapping[Address, Sequence[Route]] = field(default_factory=dict)

    def fingerprint(self) -> tuple[int, ...]:
        """Changes whenever something has come."""
        versions = (int(i.get("version") or 0) + len(i.get("reports") or ()) for i in self.incidents)
        return (len(self.letters), len(self.incidents), *versions)

    def expected(self) -> Iterable[tuple[Route, str, str]]:
        """Each address that an alert should have reached, with the alert's id and incident's code."""
        for incident in self.incidents:
            for alert in incident.get("told") or ():
                for route in self.routes.get((alert["group"], alert["audience"]), ()):
                    yield route, str(alert["alert_id"]), str(incident.get("code"))

    def lost(self) -> int:
        """Alerts that did not arrive, counted by address."""
        return sum((self._wanted() - self._arrived()).values())

    def duplicates(self) -> int:
        """Letters that came once too often, counted by address."""
        words = self._arrived() - self._wanted()
        hooks = Counter((x["path"], x["webhook-id"]) for x in self.letters if x["webhook-id"])
        copies = sum(n - 1 for n in hooks.values())
        return copies + sum(n for (kind, _, _), n in words.items() if kind != "webhook")

    def _wanted(self) -> Counter[tuple[str, str, str]]:
        # A channel of words carries no alert id, so there the incident's code must do.
        return Counter(
            (route.kind, route.path, alert_id if route.kind == "webhook" else code)
            for route, alert_id, code in self.expected()
        )

    def _arrived(self) -> Counter[tuple[str, str, str]]:
        codes = {incident.get("code") for incident in self.incidents}
        hooks = {(x["path"], x["alert_id"]) for x in self.letters if x["channel"] == "webhook"}
        words = [x for x in self.letters if x["channel"] != "webhook" and x["code"] in codes]
        return Counter(("webhook", path, str(alert)) for path, alert in hooks) + Counter(
            (x["channel"], x["path"], str(x["code"])) for x in words
        )

    def deliveries(self) -> dict[str, dict[str, int]]:
        """Letters by channel kind and audience; of the public feed what the desk says."""
        audience_of = {r.path: audience for (_, audience), routes in self.routes.items() for r in routes}
        counts: dict[str, Counter[str]] = {}
        for letter in self.letters:
            audience = letter["audience"] or audience_of.get(letter["path"], "unknown")
            counts.setdefault(letter["channel"], Counter())[audience] += 1
        fed = Counter(
            alert["audience"]
            for incident in self.incidents
            for alert in incident.get("told") or ()
            if (alert.get("results") or {}).get("feed", {}).get("delivered")
        )
        found = {**counts, **({"feed": fed} if fed else {})}
        return {kind: dict(sorted(by.items())) for kind, by in sorted(found.items())}


class Eye:
    """Looks at what is new since it was made, so that an older run does not count."""

    def __init__(self, desk: DemoDesk, http: aiohttp.ClientSession, postbox: str | None) -> None:
        self._desk, self._http, self._postbox = desk, http, postbox
        self._before: dict[str, tuple[Any, ...]] = {}
        self._told_before: set[str] = set()
        self._since = ""

    async def open(self, since: datetime) -> None:
        """Remember what there is already."""
        self._since = since.isoformat(timespec="milliseconds")
        for incident in await asyncio.to_thread(self._desk.watcher.incidents, "all"):
            self._before[incident["id"]] = _state(incident)
            whole = await asyncio.to_thread(self._desk.watcher.incident, incident["id"])
            self._told_before |= {alert["alert_id"] for alert in whole.get("told") or ()}

    async def look(self) -> Picture:
        """The incidents that are new or changed, with their new alerts; the letters since."""
        listed = await asyncio.to_thread(self._desk.watcher.incidents, "all")
        changed = [i["id"] for i in listed if self._before.get(i["id"]) != _state(i)]
        whole = [await asyncio.to_thread(self._desk.watcher.incident, name) for name in changed]
        for incident in whole:
            alerts = incident.get("told") or ()
            incident["told"] = [a for a in alerts if a["alert_id"] not in self._told_before]
        return Picture(whole, await self._letters(), routes_of(self._desk.groups))

    async def look_quietly(self, last: Picture) -> Picture:
        """The same, or the last picture while the console is away."""
        try:
            return await self.look()
        except (NotReachableError, SaidNoError):
            return last

    async def _letters(self) -> list[dict[str, Any]]:
        if not self._postbox:
            return []
        try:
            async with self._http.get(f"{self._postbox}/log") as response:
                text = await response.text()
        except aiohttp.ClientError as error:
            raise NotReachableError(f"The postbox does not answer at {self._postbox}.") from error
        letters = [json.loads(line) for line in text.splitlines()]
        return [letter for letter in letters if letter["at"] >= self._since]


def _state(incident: Mapping[str, Any]) -> tuple[Any, ...]:
    return (incident.get("version"), incident.get("updated_at"), str(incident.get("reports")))


def routes_of(groups: Iterable[Mapping[str, Any]]) -> dict[Address, list[Route]]:
    """Where in the postbox each group's audiences are reached, from the groups' own channels."""
    found: dict[Address, list[Route]] = {}
    for group in groups:
        for channel in group.get("channels") or ():
            routes = _routes(channel["kind"], channel.get("settings") or {})
            found.setdefault((group["id"], channel["audience"]), []).extend(routes)
    return found


def _routes(kind: str, settings: Mapping[str, Any]) -> list[Route]:
    if "env:SHARED__POSTBOX_URL" not in settings.values():
        return []
    match kind:
        case "webhook":
            return [Route(kind, settings.get("path") or "/")]
        case "telegram":
            return [Route(kind, f"/telegram/{chat}") for chat in settings["to"]]
        case "ntfy":
            return [Route(kind, f"/ntfy/{settings['topic']}")]
    return []


def states_of(incident: Mapping[str, Any]) -> list[str]:
    """The statuses that an incident passed, in order."""
    states: list[str] = []
    for step in incident.get("history") or ():
        read = _STATUS_OF.get(step["what"])
        status = read(step) if read else None
        if status and (not states or states[-1] != status):
            states.append(str(status))
    return states


def first_alert_after_s(
    incident: Mapping[str, Any], accepted: Mapping[str, float], letters: Sequence[Mapping[str, Any]]
) -> float | None:
    """Wall seconds from the acceptance of the report that opened it to its first alert's arrival."""
    reports = [r for r in incident.get("reports") or () if isinstance(r, Mapping)]
    known = [(r.get("at", ""), at) for r in reports if (at := _accepted_at(r, accepted)) is not None]
    opened = incident.get("opened_at", "")
    opening = [at for when, at in known if when == opened] or [at for when, at in known if when <= opened]
    firsts = [_wall(x["at"]) for x in letters if x["code"] == incident.get("code")]
    if not opening or not firsts:
        return None
    return round(min(firsts) - min(opening), 3)


def _accepted_at(report: Mapping[str, Any], accepted: Mapping[str, float]) -> float | None:
    name = str(report.get("report_id", ""))
    # A receipt shows the first characters of the id only.
    return accepted.get(name, accepted.get(name[:7]))


def _wall(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def summary(picture: Picture, accepted: Mapping[str, float], reports: int) -> dict[str, Any]:
    """The object with which `relay simulate --json` ends."""
    return {
        "reports": reports,
        "incidents": [
            {
                "id": incident.get("id"),
                "code": incident.get("code"),
                "place": (incident.get("place") or {}).get("label"),
                "groups": [str(g["group"]) for g in incident.get("groups") or ()],
                "first_alert_after_s": first_alert_after_s(incident, accepted, picture.letters),
                "states": states_of(incident),
            }
            for incident in picture.incidents
        ],
        "deliveries": picture.deliveries(),
        "lost": picture.lost(),
        "duplicates": picture.duplicates(),
    }
