"""Where pages, and the parts of them that more than one service shows, are found."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"


def by_name(url: str) -> str:
    """A page's address as people are given it: by this machine's name; no passkey is made at 127.0.0.1."""
    parts = urlsplit(url)
    if parts.hostname != "127.0.0.1":
        return url
    return parts._replace(netloc=parts.netloc.replace("127.0.0.1", "localhost")).geturl()
