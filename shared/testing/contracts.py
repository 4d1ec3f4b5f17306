"""What a producer is held to: bytes on the wire hold exactly what their type says, nothing more."""

import json

from shared.contracts.base import Message
from shared.contracts.catalog import decode, encode


def strictly(body: bytes) -> Message:
    """Decode, and raise `AssertionError` if the bytes hold a field that their type does not know."""
    message = decode(body)
    again = json.loads(encode(message, source="test").body)
    extra = _extra(json.loads(body), again, message.type)
    if extra:
        raise AssertionError(f"fields unknown to the contract: {', '.join(extra)}")
    return message


def _extra(sent: object, known: object, where: str) -> list[str]:
    if isinstance(sent, dict) and isinstance(known, dict):
        unknown = [f"{where}.{n}" for n in sent.keys() - known.keys() if sent[n] is not None]
        pairs = [(sent[n], known[n], f"{where}.{n}") for n in sent.keys() & known.keys()]
    elif isinstance(sent, list) and isinstance(known, list):
        unknown = []
        pairs = [(a, b, f"{where}[{n}]") for n, (a, b) in enumerate(zip(sent, known, strict=True))]
    else:
        return []
    return unknown + [extra for pair in pairs for extra in _extra(*pair)]
