"""Makes the streams as NATS's `admin` user, where the services themselves may not (deploy/nats).

`python -m alert_relay.streams` does it once and ends; doing it again changes nothing.
"""

from shared.bus import open_bus
from shared.lifecycle import run_service
from shared.logging import configure_logging
from shared.settings import ServiceSettings, load_settings


async def main() -> None:
    """Create or adjust the seven streams; raises what the server says."""
    settings = load_settings(ServiceSettings, nats_make_streams=True)
    configure_logging("streams", log_format=settings.log_format)
    async with await open_bus(settings, "streams"):
        pass


if __name__ == "__main__":
    run_service(main)
