"""Both APIs answer whatever fits their OpenAPI documents, and whatever does not, as these documents say."""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.console.openapi import openapi as of_console
from services.ingest.openapi import openapi as of_ingest
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import console_rig
from tests.unit.ingest.front_door import front_door

_CHECKS: Final = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_BOUNDED: Final = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Served:
    """An API that is served by a thread of its own: schemathesis waits for each answer."""

    serve: Callable[[], AbstractAsyncContextManager[tuple[str, str]]]
    url: str = ""
    token: str = ""
    _up: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Served"]:
        """While the context is open."""
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(self._run(stop),))
        thread.start()
        try:
            assert self._up.wait(30)
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()

    async def _run(self, stop: asyncio.Event) -> None:
        async with self.serve() as (self.url, self.token):
            self._up.set()
            await stop.wait()


@asynccontextmanager
async def _ingest() -> AsyncIterator[tuple[str, str]]:
    limits: dict[str, Any] = {f"ingest_{who}_burst": 1e9 for who in ("client", "total")}
    with tempfile.TemporaryDirectory() as folder:
        async with front_door(Path(folder), **limits) as door:
            yield str(door.client.make_url("")).rstrip("/"), ""


@asynccontextmanager
async def _console() -> AsyncIterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with console_rig(MemoryBus(), MemoryState(), Path(folder)) as rig:
            await rig.group("hackney")
            token = await rig.member("Ada", hub="operator", hackney="admin")
            await rig.incident()
            yield rig.url, token


@pytest.fixture(scope="module")
def ingest() -> Iterator[Served]:
    with Served(_ingest).running() as served:
        yield served


@pytest.fixture(scope="module")
def console() -> Iterator[Served]:
    with Served(_console).running() as served:
        yield served


def operations(document: dict[str, Any]) -> list[Any]:
    found: Any = schemathesis.openapi.from_dict(document).get_all_operations()
    return [pytest.param(one.ok(), id=one.ok().label) for one in found]


def keeps(operation: Any, served: Served, mode: GenerationMode) -> None:
    """Ask for all kinds of things; a refusal is a problem document that says its own status."""

    @_BOUNDED
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {served.token}"} if served.token else {}
        answer = case.call_and_validate(base_url=served.url, headers=headers, checks=_CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json; charset=utf-8"]
            assert answer.json()["status"] == answer.status_code

    ask()


modes = pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)


@modes
@pytest.mark.parametrize("operation", operations(of_ingest()))
def test_the_front_door(operation: Any, mode: GenerationMode, ingest: Served) -> None:
    keeps(operation, ingest, mode)


@modes
@pytest.mark.parametrize("operation", operations(of_console()))
def test_the_desk(operation: Any, mode: GenerationMode, console: Served) -> None:
    keeps(operation, console, mode)
