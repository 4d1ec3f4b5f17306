"""Runs the suite that fits a case: for the command line, and for a third party's test of one line."""

import asyncio
from typing import Any

from shared.plugins.conformance.bridge_case import BridgeCase, ReadingCase
from shared.plugins.conformance.called import CALLED
from shared.plugins.conformance.channel import CHANNEL, ChannelCase
from shared.plugins.conformance.criteria import Report, Suite, examine
from shared.plugins.conformance.reading import READING
from shared.plugins.conformance.watch import watched

Case = BridgeCase | ReadingCase | ChannelCase


def checked(case: Case) -> Report:
    """Try everything, and say what came of it. Not from within a running event loop."""
    return asyncio.run(_examined(case))


async def _examined(case: Case) -> Report:
    spec: Any = case.plugin.spec
    async with watched():
        return await examine(spec.kind, _suite_of(case), case, stability=spec.stability)


def _suite_of(case: Case) -> Suite:
    match case:
        case BridgeCase():
            return CALLED
        case ReadingCase():
            return READING
        case ChannelCase():
            return CHANNEL
