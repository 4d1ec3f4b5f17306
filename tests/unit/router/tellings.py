"""Strategies: true events at least a kilometre apart, and the many ways in which people tell of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from services.router.decide.state import State
from services.router.evaluate import state_with
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer
from shared.geo import distance_m

GAZETTEER = load_gazetteer()
START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
BRITAIN = Area(polygons=((((-8.0, 49.5), (2.0, 49.5), (2.0, 59.5), (-8.0, 59.5), (-8.0, 49.5)),),))
GROUPS: State = state_with([GroupDefinition(id="britain", name="Britain", area=BRITAIN)])

APART_M = 1_000.0

Spot = tuple[str, float, float]
"""What people call it (nothing where they don't) and where it is."""

SPOTS: tuple[Spot, ...] = (
    ("Ashwin Street", 51.5470, -0.0748),
    ("Hackney Town Hall", 51.5452, -0.0553),
    ("Brick Lane", 51.5217, -0.0717),
    ("London Bridge Station", 51.5052, -0.0862),
    ("Seven Sisters Station", 51.5824, -0.0752),
    ("Electric Avenue", 51.4623, -0.1137),
    ("Evan Cook Close", 51.4725, -0.0563),
    ("Lunar House", 51.3784, -0.0984),
    ("Kenmure Street", 55.8419, -4.2731),
    ("Brand Street", 55.8536, -4.2956),
    ("Buchanan Street", 55.8610, -4.2545),
    ("", 51.5470, -0.0602),
    ("", 51.5561, -0.0748),
    ("", 51.5378, -0.0748),
    ("", 51.5120, -0.0717),
    ("", 55.8330, -4.2731),
)

PHRASES: tuple[str, ...] = (
    "immigration raid {}",
    "Immigration officers {} now, taking people out",
    "Home Office van outside {}, they are checking everybody",
    "IMMIGRATION RAID HAPPENING NOW {}",
    "ICE are here {} omg",
    "redada de inmigración {} ahora",
    "Imigração {} agora, estão a levar pessoas",
    "nalot imigracyjny {} teraz, zabierają ludzi",
    "contrôle de l'immigration {} maintenant, ils arrêtent des gens",
    "razie {} imigrarea ia oameni",
    "مداهمة الهجرة {} الآن",
    "移民局突击 {} 现在",
    "immigration dey {} now o, dem dey carry people",
    "{} göçmenlik baskını var şu anda",
)
TAILS: tuple[str, ...] = ("", "", "please come", "three vans", "they took my boss", "from my window")
OWN_TAILS: tuple[str, ...] = (
    "under the old clock",
    "by the blue gate",
    "next to the bakery",
    "school children are crying",
    "somebody fell off a ladder",
)
"""What only the tellers of one event say: the very same ten words, without a place, are a copy that
somebody across town passes on, and are taken for one on purpose."""


@dataclass(frozen=True)
class Telling:
    """One report of an event, before it has a name and a time."""

    event: int
    fields: dict[str, Any] = field(default_factory=dict)

    def report(self, n: int, after_s: float) -> ReportReceived:
        """As it is received. Its name tells which event it is of."""
        name, at = f"e{self.event}-{n}", START + timedelta(seconds=after_s)
        content = ReportContent.model_validate(self.fields)
        return ReportReceived(id=name, at=at, report_id=name, bridge="test", content=content)


def far_apart(spots: Sequence[Spot]) -> list[Spot]:
    """Those of them that lie a kilometre from each one before."""
    kept: list[Spot] = []
    for spot in spots:
        if all(distance_m(*spot[1:], *other[1:]) >= APART_M for other in kept):
            kept.append(spot)
    return kept


@st.composite
def telling(draw: st.DrawFn, event: int, spot: Spot) -> Telling:
    """One report: in some language, with the place's name or a phone near it or both."""
    name, lat, lon = spot
    named = bool(name) and draw(st.booleans())
    phone = not named or draw(st.booleans())
    text = draw(st.sampled_from(PHRASES)).replace("{}", name if named else "").replace("  ", " ")
    seen = draw(st.sampled_from([None, True, False] if named and not phone else [None, True]))
    tail = draw(st.sampled_from(TAILS)) if named else OWN_TAILS[event % len(OWN_TAILS)]
    said: dict[str, Any] = {"text": f"{text} {tail}".strip(), "first_hand": seen}
    if phone:
        aside = st.floats(-0.0004, 0.0004)
        accuracy = draw(st.sampled_from([None, 5.0, 30.0, 90.0]))
        said["position"] = {"lat": lat + draw(aside), "lon": lon + draw(aside), "accuracy_m": accuracy}
    said["sender"] = draw(st.sampled_from([None, *(f"s{event}-{n}" for n in range(5))]))
    said["source"] = draw(st.sampled_from([None, None, f"chat{event}"]))
    return Telling(event, said)


@st.composite
def evenings(draw: st.DrawFn, *, most_events: int = 5, most_reports: int = 4) -> list[Telling]:
    """Several events a kilometre apart, each told several times."""
    spots = far_apart(draw(st.permutations(SPOTS))[: draw(st.integers(2, most_events))])
    return [
        draw(telling(event, spot))
        for event, spot in enumerate(spots)
        for _ in range(draw(st.integers(1, most_reports)))
    ]
