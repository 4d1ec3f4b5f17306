"""The streams as they lie in NATS, read by a plain client: none of the relay's own code takes part."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAMS: Final = ("REPORTS", "DECISIONS", "LEDGER")
_FETCH: Final = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One message; several may lie at the same sequence, stored as one."""

    seq: int
    subject: str
    body: dict[str, Any]

    @property
    def type(self) -> str:
        """The message's type, such as `input.decided.v1`."""
        return str(self.body["type"])


@dataclass
class RawLog:
    """Everything read so far, by stream."""

    url: str
    records: dict[str, list[Record]] = field(default_factory=lambda: {name: [] for name in STREAMS})

    async def catch_up(self) -> None:
        """Read what has come since."""
        async with await nats.connect(self.url, max_reconnect_attempts=0) as client:
            for stream in STREAMS:
                await self._read(client.jetstream(), stream)

    async def _read(self, js: JetStreamContext, stream: str) -> None:
        known = self.records[stream]
        after = known[-1].seq if known else 0
        last = (await js.stream_info(stream)).state.last_seq
        if last <= after:
            return
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1, ack_policy=AckPolicy.NONE
        )
        subscription = await js.pull_subscribe("", stream=stream, config=config)
        while not known or known[-1].seq < last:
            for message in await subscription.fetch(_FETCH, timeout=5):
                body = json.loads(message.data)
                parts = body if isinstance(body, list) else [body]
                known += [Record(message.metadata.sequence.stream, message.subject, part) for part in parts]
        await subscription.unsubscribe()

    def of(self, stream: str, kind: str) -> list[Record]:
        """The stream's records of that type."""
        return [record for record in self.records[stream] if record.type == kind]

    def at_rest(self) -> bool:
        """Whether everything stored is decided, and every alert raised is settled."""
        inputs = [r.body["input"] for r in self.of("DECISIONS", "input.decided.v1")]
        decided = {ref["seq"] for ref in inputs if ref["stream"] == "REPORTS"}
        raised = {r.body["alert_id"] for r in self.of("DECISIONS", "alert.raised.v1")}
        settled = {r.body["alert_id"] for r in self.of("LEDGER", "alert.settled.v1")}
        return {r.seq for r in self.records["REPORTS"]} <= decided and raised <= settled
