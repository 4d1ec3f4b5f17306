"""Dispatchers at work while everything dies around them: each site's incident is confirmed once.

A careful client: it sends a command again, under the same id, until it is told that it is applied.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.faults.checker import near
from tests.faults.reports import Site
from tests.rigs.system import RelaySystem

_PAUSE_S = 0.1


async def confirm_all(relay: RelaySystem, sites: Sequence[Site], confirmed: set[int]) -> None:
    """Confirm each site's incident as soon as it is seen; returns when all are confirmed."""
    await asyncio.gather(*(_confirm_group(relay, group, sites, confirmed) for group in _groups(sites)))


def _groups(sites: Sequence[Site]) -> list[str]:
    return sorted({site.group for site in sites})


async def _confirm_group(relay: RelaySystem, group: str, sites: Sequence[Site], confirmed: set[int]) -> None:
    """One dispatcher looks, confirms what is new, and looks again."""
    waiting = {site.number: site for site in sites if site.group == group}
    while waiting:
        for incident in await _seen(relay, group):
            for site in [s for s in waiting.values() if near(incident["place"], s)]:
                if await _confirm(relay, site, incident["id"]):
                    confirmed.add(site.number)
                    del waiting[site.number]
        await asyncio.sleep(_PAUSE_S)


async def _seen(relay: RelaySystem, group: str) -> list[dict[str, Any]]:
    try:
        return await relay.incidents(group)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return []


async def _confirm(relay: RelaySystem, site: Site, incident: str) -> bool:
    """One attempt. A refusal is a fault of the relay's: nobody else acts here."""
    command = {"id": f"confirm-{site.number}", "incident": incident, "ask": "WITNESSES"}
    try:
        answer = await relay.as_member("POST", "v1/desk/confirm", by=site.group, json=command)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
    if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        raise AssertionError(f"site {site.number} could not be confirmed: {answer.status} {answer.body}")
    return answer.status == HTTPStatus.OK
