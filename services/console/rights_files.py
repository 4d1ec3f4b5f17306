"""Reads rights pages from their files: Markdown with a head in YAML between two lines of dashes.

Every mistake is named by file, key and remedy. A page with a mistake is no page: the console does not
start over an operator's folder that holds one, and `relay rights check` names them all beforehand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.console.decide.rights import Head, Key, RightsPage, by_key
from shared.errors import SettingsError
from shared.yaml_file import where

SHIPPED: Final = Path(str(resources.files("services.console"))) / "rights"
_LINE: Final = "---\n"


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its page, or what is wrong with it."""

    file: Path
    page: RightsPage | None = None
    mistake: str = ""


def load_rights(folder: Path | None) -> dict[Key, RightsPage]:
    """The pages that ship, and before them those of the operator's folder. Raises `SettingsError`."""
    return by_key(page for place in (SHIPPED, folder) if place for page in _sound(place))


def read_rights(folder: Path) -> list[Found]:
    """Every `.md` file in the folder and below, in order; the second of two for one place is a mistake."""
    if not folder.is_dir():
        raise SettingsError(f"{folder}: there is no such folder; correct the name.")
    found: list[Found] = []
    seen: dict[Key, Path] = {}
    for file in sorted(folder.rglob("*.md")):
        one = _read(file)
        if one.page and (first := seen.setdefault(one.page.key, file)) != file:
            one = Found(file, mistake=f"{first.name} is for the same place, setting and language; remove one")
        found.append(one)
    return found


def _sound(folder: Path) -> Iterator[RightsPage]:
    for found in read_rights(folder):
        if found.page is None:
            raise SettingsError(f"{found.file}: {found.mistake}.")
        yield found.page


def _read(file: Path) -> Found:
    try:
        head, text = _halves(file.read_text(encoding="utf-8"))
        return Found(file, RightsPage(Head.model_validate(head), text))
    except ValidationError as error:
        return Found(file, mistake=where(error, "entry").rstrip("."))
    except OSError as error:
        return Found(file, mistake=f"cannot be read ({error.strerror})")
    except (YAMLError, UnicodeDecodeError):
        return Found(file, mistake="the head is not YAML; write it as in docs/operating/rights.md")
    except ValueError as error:
        return Found(file, mistake=str(error))


def _halves(whole: str) -> tuple[Any, str]:
    before, _, rest = whole.partition(_LINE)
    head, line, text = rest.partition("\n" + _LINE)
    if before or not line:
        raise ValueError("the head must stand between two lines of three dashes, first in the file")
    if any(row.startswith("# ") for row in text.splitlines()):
        raise ValueError("the page has its title already; write headings with ## or ###")
    return YAML(typ="safe").load(StringIO(head)), text.strip()
