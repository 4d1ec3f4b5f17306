"""Reports as lines of a file, one JSON object each: what `relay evaluate` and `relay fit` play."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.contracts.reports import MAX_TEXT, ReportContent, ReportReceived, chat_of
from shared.errors import SettingsError


def read_all(paths: Sequence[Path]) -> list[ReportReceived]:
    """The reports of several files as one stream, sorted by time; at the same time, in the files' order."""
    return sorted((report for path in paths for report in read_reports(path)), key=lambda r: r.at)


def read_reports(path: Path) -> list[ReportReceived]:
    """The file's reports, sorted by time. Raises `SettingsError` naming the line that is wrong."""
    found = []
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    found.append(_report(line, f"{path}:{number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error
    return sorted(found, key=lambda r: r.at)


def _report(line: str, where: str) -> ReportReceived:
    try:
        data = json.loads(line)
        return ReportReceived(
            id=str(data["id"]),
            at=data["at"],
            report_id=str(data["id"]),
            bridge="evaluate",
            content=_content(data),
        )
    except ValidationError as error:
        wrong = ", ".join(".".join(str(part) for part in e["loc"]) or "line" for e in error.errors())
        raise SettingsError(f"{where}: {wrong}: not as a report line should be; correct the line.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{where}: is no report line ({type(error).__name__}: {error}).") from None


def _content(data: Mapping[str, Any]) -> ReportContent:
    position = None
    if data.get("lat") is not None and data.get("lon") is not None:
        position = {"lat": data["lat"], "lon": data["lon"], "accuracy_m": data.get("accuracy_m")}
    source = data.get("source")
    return ReportContent.model_validate(
        {
            "text": (data.get("text") or "")[:MAX_TEXT],
            "sender": data.get("sender"),
            "position": position,
            "postcode": data.get("postcode"),
            # "sms" is a medium that many share; "telegram:chat7" is one chat, whose copies count once.
            "source": source if isinstance(source, str) and ":" in source else None,
            "chat": chat_of(source) if isinstance(source, str) else None,
        }
    )
