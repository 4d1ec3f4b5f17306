"""A console over the twins in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, console_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        yield found
