"""The message bus on NATS JetStream: the only package that imports nats.

`connect` gives a `NatsBus` (the port `shared.ports.Bus`), having refused an unsafe server;
`ensure_streams` makes the streams; `subjects` is the pure part shared with the twin in
`shared.testing.bus`.
"""

from shared.bus.nats_bus import NatsBus, connect, ensure_streams
from shared.bus.open import open_bus
from shared.bus.server_check import check_server
from shared.bus.subjects import MSG_ID

__all__ = ["MSG_ID", "NatsBus", "check_server", "connect", "ensure_streams", "open_bus"]
