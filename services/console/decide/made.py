"""What commands make gets its name from the command, so that one sent twice makes one thing. Pure."""

import hashlib
from typing import Final

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_NAME_SIGNS: Final = 7
_TAG_SIGNS: Final = 4


def made_name(kind: str, command: str) -> str:
    """The id of the post or shift that this command makes: short, because people type it."""
    return kind + _spelt(_LETTERS, _NAME_SIGNS, kind, command)


def made_tag(command: str) -> str:
    """What a volunteer from outside is called here: nobody's name."""
    return "V" + _spelt(_SIGNS, _TAG_SIGNS, "volunteer", command)


def _spelt(alphabet: str, length: int, *parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])
