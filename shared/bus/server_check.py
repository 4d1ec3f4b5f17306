"""Refuse a NATS server that would lose what it has acknowledged.

By default nats-server syncs to disk every two minutes; a power cut then lost every
acknowledged message of a trial. The setting can only be seen through the monitoring port, so
without that address a service does not start.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from shared.errors import BusUnavailableError, UnsafeServerError

MIN_VERSION: Final = (2, 14, 5)
MIN_PAYLOAD: Final = 8 * 1024 * 1024
"""All that follows from one decision is stored as one message: a split of 200 long reports takes 4 MB."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)


async def check_server(monitoring_url: str | None) -> None:
    """Raise `UnsafeServerError` unless every server named will keep what it acknowledges.

    It is new enough, syncs before it acknowledges, and takes messages as large as decisions become.
    `monitoring_url` is the base address of the monitoring port (`http://127.0.0.1:8222`); of
    a cluster, those of all servers with commas between. Raises `BusUnavailableError` if one
    does not answer.
    """
    urls = [url.strip().rstrip("/") for url in (monitoring_url or "").split(",") if url.strip()]
    if not urls:
        raise UnsafeServerError(
            "No monitoring address is set, so it cannot be checked that NATS syncs to disk before it "
            "acknowledges. Set the address (http://host:8222) and `http: …:8222` in the server's file."
        )
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for url in urls:
            if complaint := complaint_about(await _varz(session, url)):
                raise UnsafeServerError(f"The NATS server at {url} {complaint}")


def complaint_about(varz: Mapping[str, Any]) -> str | None:
    """What makes this server unsafe, with the remedy, from its /varz document; None if it is safe."""
    version = str(varz.get("version", ""))
    wanted = ".".join(map(str, MIN_VERSION))
    numbers = tuple(int(n) for n in re.findall(r"\d+", version.partition("-")[0])[:3])
    if numbers < MIN_VERSION:
        return f"is version {version or 'unknown'}. Install nats-server {wanted} or newer."
    config = (varz.get("jetstream") or {}).get("config") or {}
    if not config:
        return "has no JetStream. Add `jetstream { store_dir: …, sync_interval: always }` to its file."
    if config.get("sync_always") is not True:
        return (
            "would lose acknowledged messages in a power cut. Set `sync_interval: always` in its "
            "`jetstream` block and restart it."
        )
    if int(varz.get("max_payload") or 0) < MIN_PAYLOAD:
        return "takes no messages of 8 MB. Set `max_payload: 8MB` in its file and restart it."
    return None


async def _varz(session: aiohttp.ClientSession, url: str) -> Mapping[str, Any]:
    try:
        async with session.get(f"{url}/varz") as response:
            response.raise_for_status()
            document: Any = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise BusUnavailableError(
            f"The monitoring port of NATS at {url} does not answer ({type(error).__name__}). "
            "Start the server, or set the right address."
        ) from error
    return document if isinstance(document, dict) else {}
