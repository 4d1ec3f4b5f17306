"""The relay's own templates as they lie in files: which there are, and whose signature holds today.

English is the original and always goes out. A template in another language is used while a native reader's
signature holds: of exactly these words, and of the macros that they are made with. It stands above the text,
in YAML between two lines of dashes. A line about the law needs a lawyer's in every language.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from shared.errors import SettingsError
from shared.signing import Signature, Standing, digest_of
from shared.yaml_file import where

ENGLISH: Final = "en"
SHIPPED: Final = Path(__file__).parent / "templates"
IN_FORCE: Final = frozenset({"original", "signed"})
COMMON: Final = "common.j2"
RIGHTS: Final = "rights"
"""The folder of a language's lines about the law, by jurisdiction and setting."""
_LINE: Final = "---\n"
_HARMLESS: Final = frozenset({datetime, TemplateModule})


class Head(Signature):
    """What may stand above a template."""

    signed_as: Literal["native_reader", "lawyer"] = "native_reader"


@dataclass(frozen=True, slots=True)
class Found:
    """One file. `text` has as many lines as the file, so that a mistake's line is the file's."""

    file: Path
    head: Head
    text: str


@dataclass(frozen=True)
class Library:
    """The templates in a folder, by `language/size/KIND.j2`."""

    folder: Path
    templates: dict[str, Found] = field(default_factory=dict)

    @cached_property
    def environment(self) -> Environment:
        """What renders them."""
        environment = _Sandbox(
            loader=_Loader(self.templates),
            undefined=StrictUndefined,
            autoescape=False,  # plain text, never HTML; whoever shows it on a page escapes it there
            auto_reload=False,  # the templates come with the program
        )
        environment.globals.clear()  # no template uses Jinja's own, and each rendering would copy them
        return environment

    def languages(self) -> list[str]:
        """In which there are templates."""
        return sorted({name.partition("/")[0] for name in self.templates})

    def digest(self, name: str) -> str:
        """Of the template's very words, and of its language's macros; a line about the law has none."""
        if about_law(name):
            return digest_of(name, self.templates[name].text.strip())
        common = self.templates.get(f"{name.partition('/')[0]}/{COMMON}")
        return digest_of(name, self.templates[name].text.strip(), common.text.strip() if common else "")

    def standing(self, name: str, today: date) -> Standing | Literal["original", "missing"]:
        """Whether messages may be made of that template today, and if not, why."""
        found = self.templates.get(name)
        if found is None:
            return "missing"
        if name.startswith(f"{ENGLISH}/") and not about_law(name):
            return "original"
        return found.head.standing(self.digest(name), today)


def about_law(name: str) -> bool:
    """Whether it is a line about the law: in English too it needs a signature, a lawyer's."""
    return name.split("/")[1:2] == [RIGHTS]


@cache
def shipped() -> Library:
    """The templates that come with the program."""
    return read_library(SHIPPED)


def read_library(folder: Path) -> Library:
    """The templates in a folder; raises `SettingsError` naming file and line of a broken head."""
    files = sorted(folder.rglob("*.j2"))
    return Library(folder, {file.relative_to(folder).as_posix(): _read(file) for file in files})


def _read(file: Path) -> Found:
    try:
        whole = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read ({type(error).__name__}); save it as UTF-8.") from None
    if not whole.startswith(_LINE):
        return Found(file, Head(), whole)
    head, line, text = whole.removeprefix(_LINE).partition("\n" + _LINE)
    if not line:
        raise SettingsError(f"{file} line 1: the head has no end; put a line of three dashes below it.")
    return Found(file, _head(file, head), "\n" * (head.count("\n") + 3) + text)


def _head(file: Path, head: str) -> Head:
    try:
        return Head.model_validate(YAML(typ="safe").load(head) or {})
    except ValidationError as error:
        raise SettingsError(f"{file} line {_line_of(error, head)}: {where(error, 'entry')}") from None
    except YAMLError:
        raise SettingsError(f"{file} line 2: the head is not YAML; write one `name: value` a line.") from None


def signed_in_line(found: Found) -> int | None:
    """Where the file says until when its signature holds; None where it has none."""
    lines = found.file.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if line.startswith("expires_on:")), None)


def _line_of(error: ValidationError, head: str) -> int:
    """Where the key stands that is wrong; what is missing is so from the head's first line on."""
    wrong = str((error.errors()[0]["loc"] or ("",))[0])
    return next((n for n, line in enumerate(head.splitlines(), 2) if line.startswith(f"{wrong}:")), 2)


class _Loader(BaseLoader):
    """Templates without their heads."""

    def __init__(self, templates: dict[str, Found]) -> None:
        self._templates = templates

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, None]:
        """The template's text and file."""
        found = self._templates.get(template)
        if found is None:
            raise TemplateNotFound(template)
        return found.text, str(found.file), None


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, which asks less about the few harmless things that every template looks at."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A public attribute of a moment or of the shared macros at once, of anything else as ever."""
        if type(obj) in _HARMLESS and not attribute.startswith("_"):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)
