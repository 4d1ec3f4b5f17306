"""What a report is called: an id that follows from who sent it and what they call it; nobody can guess it."""

import base64
from typing import Final

from shared.contracts.base import ReportId
from shared.sealing import MasterKey

_ID_BYTES: Final = 12


def report_id(master: MasterKey, bridge: str, client: str, source_id: str) -> ReportId:
    """`r` and 20 characters; the same bridge, client and source id give the same."""
    return id_from(master.tag("report", bridge, client, source_id))


def id_from(tag: bytes) -> ReportId:
    """The id that a keyed tag makes."""
    return ReportId("r" + base64.b32encode(tag[:_ID_BYTES]).decode().rstrip("=").lower())
