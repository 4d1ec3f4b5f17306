"""What the campaigns' commands do alike: a folder, progress on stderr, JSON as the last line, exit code."""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

Say = Callable[[str], None]


def carry_out(name: str, campaign: Callable[[Path, Say], Awaitable[Mapping[str, Any]]]) -> NoReturn:
    """Run it; exit code 1 if its summary has `problems`, and then the logs are kept."""

    async def run(folder: Path) -> Mapping[str, Any]:
        return await campaign(folder, _tell)

    folder = Path(tempfile.mkdtemp(prefix=f"relay-{name}-"))
    summary = asyncio.run(run(folder))
    if summary["problems"]:
        _tell(f"logs are in {folder}")
    else:
        shutil.rmtree(folder)
    sys.stdout.write(json.dumps(summary) + "\n")
    sys.exit(1 if summary["problems"] else 0)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
