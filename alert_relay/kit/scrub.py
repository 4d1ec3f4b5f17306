"""A captured message made fit to be a fixture: its shape stays, nobody in it can be known again.

Words, names, numbers, tokens, addresses and places are replaced, the same one by the same made-up one, so
that a bridge reads the result as it read the original. Postcodes, times, constants and small numbers stay.
Better too much is replaced than too little; look at the result all the same.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

_IDS: Final = re.compile(r".*(id|sid|ref|uuid|key|token|hash|signature|sig)", re.IGNORECASE)
_WORDS: Final = re.compile(r"text|body|message|content|caption|msg|subject|words|quote", re.IGNORECASE)
_NAME: Final = re.compile(
    r"name|user|author|from|sender|nick|display|handle|title|profile|contact|account", re.IGNORECASE
)
_PLACE: Final = {"lat": 51.5467, "latitude": 51.5467, "lon": -0.0753, "lng": -0.0753, "longitude": -0.0753}
_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s{0,2}\d[A-Z]{2}\b", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?(Z|[+-]\d\d:?\d\d))?")
_CONSTANT: Final = re.compile(r"[a-z]+([_.:/-][a-z]+)*|[A-Za-z]{1,3}([-_][A-Za-z]{2})?|\d{1,5}")
_PHONE: Final = re.compile(r"\+?\d[\d ()-]{5,}\d")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://.*", re.IGNORECASE | re.DOTALL)
_MATRIX: Final = re.compile(r"[@!#$][^\s:]+:\S+")
_SECONDS: Final = range(1_000_000_000, 3_000_000_000)
_MILLISECONDS: Final = range(1_000_000_000_000, 3_000_000_000_000)
_BETWEEN: Final = ("|", "\t")
"""Between the fields of a line that is one message."""
_NO_KEY: Final = ""
"""Of a field that nothing names: then no word in it is taken for a constant."""
_NOBODYS: Final = "447700900000"
"""Of the numbers that Ofcom keeps for drama."""
_SHORT: Final = 12
_EACH: Final = 100
"""So many made-up values of a sort each capture has to itself."""
_SMALL: Final = 100_000
_MARKERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def scrubbed(body: bytes, number: int = 1) -> bytes:
    """The same message with nobody in it: JSON stays JSON, a form a form, a line a line.

    `number`: which capture it is of its source, so that two do not become the same message.
    """
    made_up = _MadeUp(number - 1)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        pass
    else:
        return json.dumps(made_up.value("", value), ensure_ascii=False).encode()
    text = body.decode("utf-8", "replace")
    if re.fullmatch(r"[^\s=&]+=[^\s]*", text.strip()):
        fields = parse_qsl(text.strip(), keep_blank_values=True)
        return urlencode([(made_up.key(key), made_up.text(key, value)) for key, value in fields]).encode()
    between = next((sign for sign in _BETWEEN if sign in text), None)
    if between is None:
        return made_up.line(text).encode()
    return between.join(made_up.text(_NO_KEY, one) for one in text.rstrip("\r\n").split(between)).encode()


class _MadeUp:
    """Replaces, and remembers what by what."""

    def __init__(self, before: int) -> None:
        self._known: dict[str, str] = {}
        self._marked, self._made = before, before * _EACH

    def value(self, key: str, value: Any) -> Any:
        """Any JSON value."""
        if isinstance(value, dict):
            return {self.key(name): self.value(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(key, inner) for inner in value]
        if isinstance(value, str):
            return self.text(key, value)
        if isinstance(value, float):
            return _PLACE.get(key.lower(), round(value, 1))
        if isinstance(value, bool) or value is None or _is_harmless(value):
            return value
        return int(self._digits(str(value)))

    def key(self, key: str) -> str:
        """A field's name; where it is somebody's number or address, not."""
        known = key.replace("_", "").replace("-", "").replace(".", "").isalpha() or len(key) < _SHORT
        return key if known and "@" not in key else self._as("key", key, lambda n: f"key-{n}")

    def text(self, key: str, value: str) -> str:
        """A text under a key."""
        plain = value.strip()
        if not plain or _TIME.fullmatch(plain) or _POSTCODE.fullmatch(plain):
            return value
        if key.lower() in _PLACE and re.fullmatch(r"-?\d+\.\d+", plain):
            return str(_PLACE[key.lower()])
        if _PHONE.fullmatch(plain):
            return plain if plain.isdigit() and _is_harmless(int(plain)) else self._digits(plain)
        return self._address(plain) or self._other(key, plain)

    def _address(self, plain: str) -> str | None:
        if _URL.fullmatch(plain):
            return self._as("url", plain, lambda n: f"https://example.org/{n}")
        if _MATRIX.fullmatch(plain):
            return self._as("matrix", plain, lambda n: f"{plain[0]}someone-{n}:example.org")
        if "@" in plain and " " not in plain:
            return self._as("mail", plain, lambda n: f"someone-{n}@example.org")
        return None

    def _other(self, key: str, plain: str) -> str:
        constant = key != _NO_KEY and _CONSTANT.fullmatch(plain)
        if _IDS.fullmatch(key) and " " not in plain:
            return plain if constant else self._as("id", plain, lambda n: f"made-up-{n}")
        if _NAME.search(key):
            return self._as("name", plain, lambda n: f"Someone {n}")
        if _WORDS.search(key) or " " in plain or "\n" in plain:
            return self.line(plain)
        return plain if constant else self._as("id", plain, lambda n: f"made-up-{n}")

    def line(self, text: str) -> str:
        """Words that people wrote: a sentence of ours, with their postcode."""
        self._marked += 1
        marker = _MARKERS[(self._marked - 1) % len(_MARKERS)]
        found = _POSTCODE.search(text)
        return f"Two vans in Ashwin Street{' ' + found[0].upper() if found else ''} marker-{marker}"

    def _digits(self, number: str) -> str:
        """Another number of the same form and length, from those that belong to nobody."""
        own = re.sub(r"\D", "", number)
        made = iter(self._as("number", own, lambda n: _numbered(n, len(own))))
        return "".join(next(made) if c.isdigit() else c for c in number)

    def _as(self, sort: str, original: str, make: Callable[[int], str]) -> str:
        name = f"{sort} {original}"
        if name not in self._known:
            self._known[name] = make(self._made + sum(one.startswith(f"{sort} ") for one in self._known) + 1)
        return self._known[name]


def _is_harmless(number: int) -> bool:
    """Small, or a time."""
    return abs(number) < _SMALL or number in _SECONDS or number in _MILLISECONDS


def _numbered(n: int, length: int) -> str:
    """The n-th made-up number of so many digits."""
    made = str(int(_NOBODYS) + n)
    return made[-length:] if length <= len(made) else made.ljust(length, "0")
