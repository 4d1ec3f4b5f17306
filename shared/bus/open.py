"""A service's bus from its settings: the one way in which services begin with NATS."""

from shared.bus.nats_bus import NatsBus, connect, ensure_streams
from shared.settings import ServiceSettings


async def open_bus(settings: ServiceSettings, name: str, *, patience_s: float = 10.0) -> NatsBus:
    """Connect as `name`; make the streams where the settings leave that to services.

    Use as `async with await open_bus(…) as bus`. Raises what `connect` and `ensure_streams` raise.
    """
    bus = await connect(
        settings.nats_url,
        name=name,
        monitoring_url=settings.nats_monitoring_url,
        user=settings.nats_user,
        password=settings.nats_password,
        patience_s=patience_s,
    )
    try:
        if settings.nats_make_streams:
            await ensure_streams(bus, replicas=settings.replicas)
    except BaseException:
        await bus.close()
        raise
    return bus
