"""Whether a plug-in's settings, as somebody wrote them, hold a secret in clear: nowhere may they.

What a group's file or page says lies in the log and travels through a browser; where a secret lies is said
there (`env:NAME`, `file:/path`), and only the process that sends knows it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_SECRET_KEY: Final = re.compile(r"secret|token|passw|passphrase|api_?key|credential", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"(env|file):.+")
_PASSWORD_IN_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]+:[^/@\s]+@")

Path = tuple[str | int, ...]


def secrets_in_clear(settings: Any, *, at: Path = (), secret: bool = False) -> Iterator[Path]:
    """Where in the settings a secret stands that is no reference."""
    if isinstance(settings, Mapping):
        for key, inner in settings.items():
            named = secret or bool(_SECRET_KEY.search(str(key)))
            yield from secrets_in_clear(inner, at=(*at, str(key)), secret=named)
    elif isinstance(settings, str):
        if (secret and not _REFERENCE.fullmatch(settings)) or _PASSWORD_IN_URL.match(settings):
            yield at
    elif isinstance(settings, Sequence):
        for n, inner in enumerate(settings):
            yield from secrets_in_clear(inner, at=(*at, n), secret=secret)
