"""The front door as one aiohttp application: routes and what stands behind them, nothing else."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from aiohttp import web

from services.ingest.api import get_report, post_report
from services.ingest.bridge_host import BRIDGES, CALLED, PART, RECEIPTS, get_bridge, post_bridge
from services.ingest.called import Called
from services.ingest.door import (
    DOOR,
    MAX_BODY,
    Door,
    KnownExercises,
    KnownGroups,
    Limits,
    NoExercises,
    NoGroups,
    NoStates,
    ReportStates,
)
from services.ingest.health import add_healths
from services.ingest.intake import Intake
from services.ingest.keys import ClientKeys
from services.ingest.readers import Readers
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from services.ingest.web.exercise import get_exercise, post_exercise
from services.ingest.web.follow import get_follow, get_leave, post_code, post_follow, post_leave
from services.ingest.web.form import STATIC, get_form, post_form, refusal
from services.ingest.web.words import Words
from shared.http import REFUSED, Refusals, problems
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import FormContacts
from shared.plugins.live_bridges import LiveBridges
from shared.plugins.spec import Bridge, Reads
from shared.ports import Bus, Clock
from shared.sealing import MasterKey
from shared.subscribing import LEAVE

EXERCISE: Final = "/exercise/{exercise:[A-Za-z0-9_-]{1,64}}/{key:[0-9a-f]{1,64}}"
FOLLOW: Final = "/follow/{group:[a-z0-9-]{1,40}}"
LEAVING: Final = f"{LEAVE}/{{subscriber:[A-Za-z0-9_-]{{1,64}}}}/{{key:[0-9a-f]{{1,64}}}}"
ROUTES: Final = (
    web.get("/", get_form),
    web.post("/", post_form),
    web.get(EXERCISE, get_exercise),
    web.post(EXERCISE, post_exercise),
    web.get(FOLLOW, get_follow),
    web.post(FOLLOW, post_follow),
    web.post(f"{FOLLOW}/code", post_code),
    web.get(LEAVING, get_leave),
    web.post(LEAVING, post_leave),
    web.post("/v1/reports", post_report),
    web.get("/v1/reports/{report_id}", get_report),
    web.post("/bridges/{bridge_id}", post_bridge),
    web.get("/bridges/{bridge_id}", get_bridge, allow_head=False),
    web.route("*", "/bridges/{bridge_id}/{rest:.+}", post_bridge),
    web.static("/static", STATIC),
)


READERS: Final = web.AppKey("readers", Readers)
"""The bridges that read their source, if there are any: health shows how they stand."""
FILE: Final = web.AppKey("file", LiveBridges)
"""Which bridges are to be open, where a file says so."""


def make_app(  # noqa: PLR0913 - each is a thing that main or a test decides
    *,
    bus: Bus,
    clock: Clock,
    master: MasterKey,
    spool: Spool,
    settings: IngestSettings | None = None,
    bridges: Mapping[str, Bridge | Reads] | None = None,
    keys: ClientKeys | None = None,
    states: ReportStates | None = None,
    exercises: KnownExercises | None = None,
    intake: Intake | None = None,
    contacts: FormContacts | None = None,
    subscriptions: Mapping[str, BridgeEntry] | None = None,
    groups: KnownGroups | None = None,
) -> web.Application:
    """The application over these. The spool's drain is a worker of its own (`services.ingest.drain`)."""
    settings = settings or IngestSettings()
    door = Door(
        settings=settings,
        intake=intake or Intake(bus, clock, master, spool),
        clock=clock,
        words=Words(),
        keys=keys or ClientKeys(),
        states=states or NoStates(),
        limits=Limits.of(settings),
        exercises=exercises or NoExercises(),
        contacts=contacts or FormContacts(),
        subscriptions=subscriptions or {},
        groups=groups or NoGroups(),
    )
    app = web.Application(middlewares=[problems], client_max_size=MAX_BODY)
    app[DOOR] = door
    app[REFUSED] = Refusals(refusal)
    called = {name: b for name, b in (bridges or {}).items() if isinstance(b, Bridge)}
    app[BRIDGES], app[CALLED] = called, Called(clock, called)
    app[RECEIPTS] = {}
    app.add_routes(ROUTES)
    add_healths(app, bus, spool, partial(standings, app), partial(_mistake, app))
    return app


def standings(app: web.Application) -> Mapping[str, Mapping[str, str]]:
    """How each bridge stands, of what kind and whose it is, and when a report last came by it."""
    found = {
        **app[CALLED].health(),
        **(app[READERS].health() if READERS in app else {}),
        **(app[PART].health() if PART in app else {}),
    }
    return {name: {**_whose(app, name), **at, **_heard(app, name)} for name, at in found.items()}


def _whose(app: web.Application, name: str) -> dict[str, str]:
    entry = app[FILE].entries.get(name) if FILE in app else None
    if entry is None:
        return {}
    return {"kind": entry.kind, **({"group": entry.group} if entry.group else {})}


def _heard(app: web.Application, name: str) -> dict[str, str]:
    at = app[DOOR].heard.get(name)
    return {"heard": at.isoformat(timespec="seconds")} if at else {}


def _mistake(app: web.Application) -> str | None:
    """Why the bridges file is not in use as it is."""
    return app[FILE].mistake if FILE in app else None
