"""What a third party's test imports: the conformance suites, and stand-ins for sources and providers.

The test says in `CASE` what is to be tried, and `checked(CASE).demand("good")` tries it. `relay bridge check`
and `relay channel check` run the same suites on the same case.
"""

from shared.plugins.conformance.bridge_case import BridgeCase, ReadingCase, Source
from shared.plugins.conformance.channel import ChannelCase
from shared.plugins.conformance.criteria import Broken, Report
from shared.plugins.conformance.provider import Answer, HttpProvider, Provider, Received
from shared.plugins.conformance.run import Case, checked
from shared.plugins.conformance.sources import Lines, Polled

__all__ = [
    "Answer",
    "BridgeCase",
    "Broken",
    "Case",
    "ChannelCase",
    "HttpProvider",
    "Lines",
    "Polled",
    "Provider",
    "ReadingCase",
    "Received",
    "Report",
    "Source",
    "checked",
]
