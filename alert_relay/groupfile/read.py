"""Reads group files whole: YAML, the group's own keys, its area, its channels."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from alert_relay.groupfile.area import read_area
from alert_relay.groupfile.channels import read_channels
from alert_relay.groupfile.mistakes import Mistake, Spot
from alert_relay.groupfile.models import fill
from shared.contracts.base import HUB, SHARED
from shared.contracts.groups import Area, GroupChannels, GroupDefinition, Policy
from shared.errors import GroupFileError

ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class GroupFile:
    """One sound group file."""

    path: Path
    definition: GroupDefinition
    channels: GroupChannels


def load_group_files(files: Sequence[Path]) -> list[GroupFile]:
    """All of them; raises `GroupFileError` that lists every mistake of every file."""
    groups, mistakes = read_group_files(files)
    if mistakes:
        raise GroupFileError("\n".join(str(mistake) for mistake in mistakes))
    return groups


def read_group_files(files: Sequence[Path]) -> tuple[list[GroupFile], list[Mistake]]:
    """The sound files, and the mistakes of the others in the order of file and line."""
    found: list[Mistake] = []
    groups: list[GroupFile] = []
    owner: dict[str, Path] = {}
    for file in files:
        spot = Spot(file, 1, found=found)
        document = _document(file, spot)
        group = _group(document, spot) if document is not None else None
        if group is None:
            continue
        if group.definition.id in owner:
            first = owner[group.definition.id]
            spot.at(document, "id").wrong(f"{first} defines this group already; choose another id.")
            continue
        owner[group.definition.id] = file
        groups.append(group)
    return groups, sorted(found)


def _document(file: Path, spot: Spot) -> Mapping[str, Any] | None:
    try:
        value = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        spot.wrong(f"cannot be read ({error.strerror}).")
    except UnicodeDecodeError:
        spot.wrong("is not UTF-8 text; save it as UTF-8.")
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        Spot(file, line, found=spot.found).wrong(f"is not YAML here ({_first_line(error.problem)}).")
    except YAMLError as error:
        spot.wrong(f"is not YAML ({_first_line(str(error))}).")
    else:
        if isinstance(value, Mapping):
            return value
        spot.wrong("must be a mapping with id, name, area and channels.")
    return None


def _first_line(text: str | None) -> str:
    return (text or "unreadable").strip().splitlines()[0]


def _group(document: Mapping[str, Any], spot: Spot) -> GroupFile | None:
    before = len(spot.found)
    policy = _policy(document, spot)
    area = _area(document, spot)
    group = document["id"] if isinstance(document.get("id"), str) else None
    channels = read_channels(document.get("channels"), spot.at(document, "channels"), group)
    own = {k: v for k, v in document.items() if k not in {"area", "policy", "channels"}}
    spot.unknown_keys(document, [*GroupDefinition.model_fields, "channels"])
    definition = _definition(document, own, spot)
    if definition is None or len(spot.found) > before:
        return None
    definition = definition.model_copy(update={"area": area, "policy": policy})
    return GroupFile(spot.file, definition, GroupChannels(channels=channels))


def _definition(document: Mapping[str, Any], own: dict[str, Any], spot: Spot) -> GroupDefinition | None:
    if document.get("id") in {HUB, SHARED}:
        whole = document["id"]
        spot.at(document, "id").wrong(f"{whole!r} is reserved for the whole installation; choose another.")
    elif isinstance(document.get("id"), str) and not ID.fullmatch(document["id"]):
        spot.at(document, "id").wrong("must be lower-case letters, digits and hyphens, at most 40.")
    known = {k: v for k, v in own.items() if k in GroupDefinition.model_fields}
    # The line numbers live on ruamel's own mapping, so the copy is only what pydantic sees.
    return fill(GroupDefinition, _Lines(known, document), spot)


class _Lines(dict[str, Any]):
    """Some keys of a document, with the line numbers of the whole."""

    def __init__(self, items: Mapping[str, Any], document: Any) -> None:
        super().__init__(items)
        self.lc = getattr(document, "lc", None)


def _policy(document: Mapping[str, Any], spot: Spot) -> Policy:
    value = document.get("policy")
    here = spot.at(document, "policy")
    if value is None:
        return Policy()
    if not isinstance(value, Mapping):
        here.wrong(f"must be a mapping with any of {', '.join(Policy.model_fields)}.")
        return Policy()
    return fill(Policy, value, here) or Policy()


def _area(document: Mapping[str, Any], spot: Spot) -> Area:
    if document.get("area") is not None:
        return read_area(document["area"], spot.at(document, "area"))
    if not document.get("fallback"):
        spot.at(document, "area").wrong(
            "is missing; say where the group is (geojson, postcode_districts, circles or polygons)."
        )
    return Area()
