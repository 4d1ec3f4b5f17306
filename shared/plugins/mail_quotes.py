"""A mail's own words without what its program added: what is quoted, who is quoted, a signature. Pure.

There is a library for that, mail-parser-reply. It takes what follows a hyphen at the start of a line for a
signature, and so would drop a reporter's list; and 8,000 empty lines keep it busy for 16 seconds (tried).
Here a line goes only where its form says what it is, in whatever language: better one too many than one too
few.
"""

import re
from collections.abc import Sequence
from typing import Final

_MOST_LINES: Final = 2_000
_COLONS: Final = (":", "：")
_RULE: Final = re.compile(r"[-=]{3,} ?[^-=\n]{1,60} ?[-=]{3,}|_{10,}")
_FIELD: Final = re.compile(r"[*\s]{0,5}[^\s:：>*][^:：]{0,30}[:：]")
_LEAST_FIELDS: Final = 3
_DATE: Final = re.compile(r"\d")
_DEVICE: Final = re.compile(
    r"iphone|ipad|android|samsung|galaxy|huawei|xiaomi|blackberry|outlook|yahoo|proton", re.IGNORECASE
)
_SENT_FROM: Final = re.compile(
    r"\b(?:sent|get|envoyé|télécharger|enviado|enviada|obtener|obter|trimis|wysłan[eoy]|dërguar|gönderildi|gửi)\b"
    r"|发自|发送|أرسل|مرسل|الإرسال|بھیجا|পাঠানো",
    re.IGNORECASE,
)
_MOST_DEVICE_LINE: Final = 60


def without_quotes(text: str, us: str) -> str:
    """What stands above, between and below what is quoted from a mail of ours or of others."""
    kept: list[str] = []
    lines = text.split("\n")[:_MOST_LINES]
    for at, line in enumerate(lines):
        if _announces(line, lines[at - 1] if at else "", us):
            kept.append(line)
            _drop_announcement(kept)
            break
        if _RULE.fullmatch(line.strip()) or _are_headers(lines[at : at + 2 * _LEAST_FIELDS]):
            break
        if not line.startswith(">"):
            kept.append(line)
        elif kept:
            _drop_announcement(kept)
    return "\n".join(kept).strip()


def without_signature(text: str) -> str:
    """Without what follows the mark of a signature, or a phone's advertisement for itself at the end."""
    lines = text.split("\n")
    mark = next((at for at, line in enumerate(lines) if line.rstrip() == "--"), len(lines))
    whole = "\n".join(lines[:mark]).strip()
    above, _, last = whole.rpartition("\n")
    alone = len(last) <= _MOST_DEVICE_LINE and not above.rpartition("\n")[2].strip()
    return above.strip() if alone and _DEVICE.search(last) and _SENT_FROM.search(last) else whole


def _announces(line: str, before: str, us: str) -> bool:
    """Whether it says that what follows is from us, as programs do that mark no line of it."""
    return line.rstrip().endswith(_COLONS) and us.lower() in f"{before} {line}".lower()


def _are_headers(lines: Sequence[str]) -> bool:
    """Whether the mail that is answered begins here, with who wrote it to whom."""
    head = lines[:_LEAST_FIELDS]
    return len(head) == _LEAST_FIELDS and all(map(_FIELD.match, head)) and any("@" in line for line in lines)


def _drop_announcement(kept: list[str]) -> None:
    """Take away who wrote what is quoted, and when: a line with a date, or that line broken in two."""
    while kept and not kept[-1].strip():
        kept.pop()
    if not kept or not kept[-1].rstrip().endswith(_COLONS):
        return
    broken = not _DATE.search(kept.pop())
    if broken and kept and _DATE.search(kept[-1]):
        kept.pop()
