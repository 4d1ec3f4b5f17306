"""Searches every byte of a folder, for what must not lie there and for what an attacker could open.

`found_in` finds words in any encoding. `Attacker` has the whole folder and the master key, and needs no
server: whatever looks like a wrapped key is unwrapped and tried on whatever looks like a sealed box. It
leaves the tags of AES-GCM unchecked, so that nothing is safe because of what a box is bound to.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from shared.sealing.master import UNSAFE_PREFIX, MasterKey, _key_bytes

_NONCE: Final = 12
_TAG: Final = 16
_KEY: Final = 32
_TEXT: Final = re.compile(rb"[A-Za-z0-9_+/-]{40,}={0,2}")
"""Base64 of either alphabet that is long enough for an empty box."""
_FIRST_BLOCK: Final = (2).to_bytes(4, "big")
"""GCM is counter mode from the second block on, and a tag."""


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file's bytes, by its place; servers at work rename theirs meanwhile."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def names_below(folder: Path) -> set[str]:
    """The names of all files."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


def disguises(text: str) -> Iterator[bytes]:
    """The text as it might lie there: encodings of characters, hexadecimal, base64 at any offset, escapes."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield from disguised(text.encode(encoding))
    yield text.replace(" ", "%20").replace("+", "%2B").replace("@", "%40").encode()
    yield text.replace(" ", "+").encode()


def disguised(raw: bytes) -> Iterator[bytes]:
    """These bytes as they are, in hexadecimal, and in base64."""
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[bytes]:
    """What base64 makes of the text wherever it begins in what is encoded; uncertain ends cut off."""
    for shift in range(3):
        plain = base64.b64encode(b"\0" * shift + raw)
        inner = plain[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found_in(folder: Path, marks: Mapping[str, str]) -> list[str]:
    """Which marks lie in any file below, and where; in capitals or not."""
    files = {name: content.lower() for name, content in files_below(folder).items()}
    return [
        f"{what} in {name}"
        for what, mark in marks.items()
        for name, content in files.items()
        if any(form.lower() in content for form in disguises(mark))
    ]


class Attacker:
    """What somebody holds who has copied the folder, and has the master key."""

    def __init__(self, folder: Path, key_file: Path) -> None:
        self._files = files_below(folder)
        raw = _key_bytes(key_file.read_text().strip().removeprefix(UNSAFE_PREFIX), key_file)
        wrapping = MasterKey._derive(raw, b"wrap")
        texts = {text for content in self._files.values() for text in _texts(content)}
        boxes = {raw for text in texts if len(raw := _decoded(text)) >= _NONCE + _TAG}
        self.keys = {box: _open(wrapping, box) for box in boxes if len(box) == _NONCE + _KEY + _TAG}
        """Whatever may be a wrapped key, and what is in it."""
        self._opened = {wrapped: [_open(key, box) for box in boxes] for wrapped, key in self.keys.items()}

    def opens(self, marks: Mapping[str, str]) -> set[str]:
        """Which of these words they can read in some box."""
        clears = [clear for boxes in self._opened.values() for clear in boxes]
        return {what for what, mark in marks.items() if any(mark.encode() in clear for clear in clears)}

    def keys_to(self, marks: Mapping[str, str]) -> list[bytes]:
        """The keys by which they read any of these words, each as it lies wrapped and in clear."""
        words = [mark.encode() for mark in marks.values()]
        return [
            form
            for wrapped, boxes in self._opened.items()
            if any(word in clear for clear in boxes for word in words)
            for form in (wrapped, self.keys[wrapped])
        ]

    def holds(self, keys: Iterable[bytes]) -> list[str]:
        """In which files any of these bytes lie, in any disguise."""
        forms = [form for key in keys for form in disguised(key)]
        return [name for name, content in self._files.items() if any(form in content for form in forms)]


def _texts(content: bytes) -> Iterator[bytes]:
    """All that is in base64, and what is so in that: the spool holds messages within lines."""
    for text in _TEXT.findall(content):
        yield text
        yield from _TEXT.findall(_decoded(text))


def _decoded(text: bytes) -> bytes:
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + b"=" * (-len(plain) % 4))


def _open(key: bytes, box: bytes) -> bytes:
    """The box in clear if that is its key, noise if not."""
    counter = CTR(box[:_NONCE] + _FIRST_BLOCK)
    return Cipher(AES(key), counter).decryptor().update(box[_NONCE:-_TAG])
