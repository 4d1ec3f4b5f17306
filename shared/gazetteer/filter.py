"""A set of words in few bits, kept in memory so that what is no name costs no look-up.

A word that was put in is always found; of others about one in thirty is, and a look-up then finds
nothing. One hash is enough for that, and CRC-32 is the same in every process.
"""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

_BITS_A_WORD: Final = 32
_LEAST_BITS: Final = 1 << 10
_MOST_BITS: Final = 1 << 28


class WordFilter:
    """Answers `word in filter`."""

    __slots__ = ("_bits", "_mask")

    def __init__(self, bits: bytes) -> None:
        self._bits, self._mask = bits, len(bits) * 8 - 1

    def __contains__(self, word: str) -> bool:
        at = crc32(word.encode("utf-8", "replace")) & self._mask
        return bool(self._bits[at >> 3] >> (at & 7) & 1)


def filter_bits(words: Iterable[str], count: int) -> bytes:
    """The bits of a filter of about `count` words."""
    size = _LEAST_BITS
    while size < min(_MOST_BITS, count * _BITS_A_WORD):
        size *= 2
    bits, mask = bytearray(size // 8), size - 1
    for word in words:
        at = crc32(word.encode("utf-8", "replace")) & mask
        bits[at >> 3] |= 1 << (at & 7)
    return bytes(bits)
