"""`make test` turns red for what must never be merged: planted in a copy of the tracked files.

Each plant runs the Makefile's own target there, with this environment's tools, and must be named.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.executable).parent.parent


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files (and mypy's memory, if there is one, so that types take seconds)."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, to know which files are the project's")
    folder = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in listed.decode().split("\0"):
        source, target = ROOT / name, folder / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    if (ROOT / ".mypy_cache").is_dir():
        # Another mypy may be at work in it just now; a cache that is cut short is only slower.
        with contextlib.suppress(shutil.Error, OSError):
            shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    return folder


def make(copy: Path, target: str) -> tuple[int, str]:
    """Run the Makefile's target in the copy; its exit code and all it said."""
    # -o: the tools are installed; the copy's lock files must not make them be installed again.
    installed = [option for mark in (".run", ".dev") for option in ("-o", str(VENV / mark))]
    done = subprocess.run(
        ["make", "-C", str(copy), *installed, target, f"VENV={VENV}"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(copy)},
    )
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def planted(path: Path, text: str) -> Iterator[None]:
    """The file with that text, for a while."""
    before = path.read_bytes() if path.exists() else None
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


@pytest.mark.parametrize("target", ["walls", "contracts"])
def test_the_copy_itself_is_green(copy: Path, target: str) -> None:
    code, said = make(copy, target)
    assert code == 0, said


def test_a_nats_import_in_the_pure_core_breaks_the_walls(copy: Path) -> None:
    plant = copy / "services" / "router" / "decide" / "planted.py"
    with planted(plant, '"""Planted."""\n\nimport nats\n\nCLIENT = nats\n'):
        code, said = make(copy, "walls")
    assert code != 0
    assert "services.router.decide.planted -> nats" in said


def test_an_untyped_function_breaks_the_types(copy: Path) -> None:
    plant = copy / "services" / "router" / "decide" / "planted.py"
    with planted(
        plant, '"""Planted."""\n\n\ndef planted(x):\n    """Say nothing of types."""\n    return x\n'
    ):
        code, said = make(copy, "types")
    assert code != 0
    assert "services/router/decide/planted.py:4: error: Function is missing a type annotation" in said


def test_a_changed_contract_breaks_the_contracts(copy: Path) -> None:
    module = copy / "shared" / "contracts" / "reports.py"
    text = module.read_text(encoding="utf-8")
    assert text.count("    report_id: ") == 1
    with planted(module, text.replace("    report_id: ", "    report_name: ")):
        code, said = make(copy, "contracts")
    assert code != 0
    assert "report.received.v1" in said


def test_a_stale_schema_breaks_the_contracts(copy: Path) -> None:
    schema = copy / "shared" / "contracts" / "schemas" / "incident.opened.v1.json"
    text = schema.read_text(encoding="utf-8")
    with planted(schema, text.replace('"code"', '"name"')):
        code, said = make(copy, "contracts")
    assert code != 0
    assert "incident.opened.v1" in said
