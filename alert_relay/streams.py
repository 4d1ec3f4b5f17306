"""Makes the streams as NATS's `admin` user, where the services themselves may not (deploy/nats).

`python -m alert_relay.streams` does it once and ends; doing it again changes nothing.
"""

from shared.bus import connect, ensure_streams
from shared.lifecycle import run_service
from shared.logging import configure_logging
from shared.settings import ServiceSettings, load_settings


async def main() -> None:
    """Create or adjust the six streams; raises what the server says."""
    settings = load_settings(ServiceSettings)
    configure_logging("streams", log_format=settings.log_format)
    bus = await connect(
        settings.nats_url,
        name="streams",
        monitoring_url=settings.nats_monitoring_url,
        user=settings.nats_user,
        password=settings.nats_password,
    )
    async with bus:
        await ensure_streams(bus, replicas=settings.replicas)


if __name__ == "__main__":
    run_service(main)
