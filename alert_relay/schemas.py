"""Writes the generated contracts: a JSON Schema per message type, and the OpenAPI documents.

`python -m alert_relay.schemas` writes them; with `--check` it writes nothing, names every file
that is stale, and exits 1. They are committed so that a change of contract shows in the diff.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.console.openapi import openapi as console_openapi
from services.ingest.openapi import openapi as ingest_openapi
from shared.contracts.catalog import TYPES, wire_schema

ROOT = Path(__file__).resolve().parent.parent / "shared" / "contracts"


def generated() -> Mapping[Path, str]:
    """Every generated file and what it should hold."""
    files: dict[Path, Any] = {ROOT / "schemas" / f"{name}.json": wire_schema(t) for name, t in TYPES.items()}
    files[ROOT / "openapi" / "ingest.json"] = ingest_openapi()
    files[ROOT / "openapi" / "console.json"] = console_openapi()
    return {path: json.dumps(document, indent=2, sort_keys=True) + "\n" for path, document in files.items()}


def stale() -> list[Path]:
    """Files that differ from what the models say, are missing, or should be there no more."""
    wanted = generated()
    present = {p for folder in ("schemas", "openapi") for p in (ROOT / folder).glob("*.json")}
    changed = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    return sorted({*changed, *(present - wanted.keys())})


def write() -> None:
    """Bring all generated files up to date."""
    wanted = generated()
    for path in stale():
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()


def main() -> int:
    """Entry point of `python -m alert_relay.schemas [--check]`."""
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    outdated = stale()
    for path in outdated:
        sys.stderr.write(f"{path.relative_to(ROOT.parent.parent)} is stale; run: make schemas\n")
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main())
