"""The files the corpus is played on: boundaries, postcodes and names in their publishers' layouts.

They are not part of the project. Each area of the boundary files is one group, as the corpus's truth
names them: "Barking and Dagenham" is `barking-and-dagenham`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).parent
TUNE: Final = sorted((CORPUS / "tune").glob("*.jsonl"))
UNSEEN: Final = sorted((CORPUS / "unseen").glob("*.jsonl"))

GEODATA: Final = Path(__file__).parents[3] / "shared" / "geodata"
NO_GEODATA: Final = f"the boundaries, postcodes and names that the corpus is played on are not at {GEODATA}"


def places(geodata: Path) -> list[Path]:
    """The gazetteer files."""
    return [geodata / "gazetteer" / name for name in ("places_opennames.csv", "geonames_postal_GB.txt")]


def boundaries(geodata: Path) -> list[Path]:
    """The boundary files."""
    return sorted((geodata / "boundaries").glob("*.geojson"))


def postcodes(geodata: Path) -> list[Path]:
    """The postcode files."""
    return [geodata / "postcodes" / n for n in ("codepoint_open_2014_subset.csv.gz", "uk_outcodes.csv")]


def missing(geodata: Path) -> str:
    """Which of the files are not there."""
    wanted = [geodata / "boundaries", *places(geodata), *postcodes(geodata)]
    return ", ".join(str(path.relative_to(geodata)) for path in wanted if not path.exists())


def write_groups(geodata: Path, folder: Path) -> None:
    """A group file for each area, without channels."""
    for boundary in boundaries(geodata):
        for name in _names(boundary):
            group = re.sub("[^a-z]+", "-", name.replace(", City of", "").lower()).strip("-")
            area: dict[str, Any] = {"geojson": [{"file": str(boundary), "names": [name]}]}
            definition = {"id": group, "name": name, "area": area, "channels": []}
            (folder / f"{group}.yaml").write_text(json.dumps(definition), encoding="utf-8")


def _names(boundary: Path) -> Iterator[str]:
    for feature in json.loads(boundary.read_text(encoding="utf-8"))["features"]:
        yield feature["properties"]["LAD13NM"]
