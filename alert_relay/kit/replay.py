"""What a bridge makes of one captured message: the same way by which the suite tries it."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from alert_relay.kit.find import BRIDGES, case_of
from shared.errors import SettingsError
from shared.plugins.conformance.bridge_case import BridgeCase, ReadingCase
from shared.plugins.conformance.criteria import Broken
from shared.plugins.conformance.scene import scene
from shared.plugins.spec import Ignored, IncomingReport, Refused

Found = IncomingReport | Ignored | Refused
_PATIENCE_S: Final = 10.0


def bridge_of(fixture: Path) -> str:
    """Whose fixture it is: `fixtures/KIND` lies beside the bridge's file; else the folder names a kind."""
    folder = fixture.resolve().parent
    file = folder.parent.parent / f"{folder.name.replace('-', '_')}.py"
    return str(file) if file.is_file() else folder.name


def replay(fixture: Path, target: str) -> Sequence[Found]:
    """What comes of it. Raises `SettingsError` where that cannot be tried."""
    case: Any = case_of(target, BRIDGES)
    if isinstance(case, ReadingCase):
        return asyncio.run(_read(case, fixture.read_bytes()))
    return _parsed(case, fixture.read_bytes())


def _parsed(case: BridgeCase, body: bytes) -> Sequence[Found]:
    parsed = case.make().parse(case.signed(body))
    return [parsed] if isinstance(parsed, Ignored | Refused) else list(parsed)


async def _read(case: ReadingCase, message: bytes) -> Sequence[Found]:
    async with scene(case) as at, at.kept_reading() as reading:
        try:
            await at.say(message)
            await at.until(lambda: at.host.taken or at.host.passed, reading, "nothing comes of it")
        except Broken as broken:
            raise SettingsError(f"{broken}.") from None
        return [*at.host.taken, *at.host.passed]


def told(found: Found) -> dict[str, Any]:
    """For people and programs: what it is, and what stands in it."""
    said = {name: value for name, value in dataclasses.asdict(found).items() if value not in (None, "")}
    plain = {
        name: value if isinstance(value, str | int | float) else str(value) for name, value in said.items()
    }
    return {"is": type(found).__name__, **plain}
