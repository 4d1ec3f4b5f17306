"""How a gazetteer of a country's size is imported and looked up: `python -m bench.gazetteer`.

The places are made up (in the layout of OS Open Names, a tile for every 100,000), but their words are
spread as words are: few very common, most rare. Look-ups are timed one by one, after the caches
were filled with others' answers; the memory is that of a process of its own. Last line: JSON.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from bench.stats import percentile, significant
from shared.gazetteer.importing import import_gazetteer
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.keys import name_key
from shared.gazetteer.load import open_gazetteer

TILE: Final = 100_000
WORDS: Final = 120_000
AREAS: Final = 30_000
ROADS: Final = (
    *("Road", "Street", "Lane", "Close", "Avenue", "Drive", "Way"),
    *("Court", "Gardens", "Grove", "Place"),
)
PARTS: Final = (
    *("al", "an", "ar", "as", "bar", "ben", "bor", "bra", "bur", "cas", "chel", "clif", "col", "cor"),
    *("dal", "den", "dun", "eb", "ed", "el", "fair", "fen", "glen", "ham", "har", "hol", "in", "kel"),
    *("kings", "lan", "lang", "lin", "mar", "mel", "mor", "new", "nor", "oak", "old", "os", "pen"),
    *("por", "ral", "rid", "ros", "sal", "sed", "stan", "ster", "sut", "tam", "thorn", "tor", "ul"),
    *("val", "wal", "war", "wes", "whit", "wil", "win", "wood", "wor"),
)
ENDS: Final = (
    *("bury", "by", "don", "field", "ford", "ham", "hurst", "ington", "ley", "mere", "mouth", "port"),
    *("ridge", "sey", "stead", "stoke", "ton", "well", "wick", "worth"),
)
SAID: Final = (
    *("immigration", "vans", "outside", "now", "officers", "taking", "people", "at", "the", "corner"),
    *("please", "come", "quickly"),
)


Question = tuple[str, str, list[tuple[Any, ...]]]


class Names:
    """Made-up names, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.words = sorted({self._word() for _ in range(WORDS * 2)})
        self._random.shuffle(self.words)
        self.words = self.words[:WORDS]
        self._weights = list(accumulate(1 / (n + 20) for n in range(len(self.words))))

    def _word(self) -> str:
        parts = self._random.choices(PARTS, k=self._random.choice((1, 1, 2, 2, 2, 3)))
        return "".join((*parts, self._random.choice(ENDS))).capitalize()

    def word(self) -> str:
        """A word; the first ones are common."""
        return self._random.choices(self.words, cum_weights=self._weights)[0]

    def name(self) -> str:
        """A road's name of two or three words."""
        second = f" {self._random.choice(self.words)}" if self._random.random() < 0.25 else ""
        return f"{self.word()}{second} {self._random.choice(ROADS)}"


def write_tiles(folder: Path, places: int, postcodes: int, seed: int) -> list[str]:
    """OS Open Names tiles and one file of postcodes; returns every thousandth name."""
    names, dice, sample = Names(seed), random.Random(seed + 1), list[str]()
    areas = [names.word() for _ in range(AREAS)]
    for tile in range(-(-places // TILE)):
        with (folder / f"T{tile:03}.csv").open("w") as out:
            for n in range(tile * TILE, min(places, (tile + 1) * TILE)):
                name, area = names.name(), dice.randrange(AREAS)
                if n % 1_000 == 0:
                    sample.append(name)
                x, y = 200_000 + dice.randrange(450_000), 50_000 + dice.randrange(600_000)
                out.write(
                    f"osgb{n},,{name},,,,transportNetwork,Named Road,{x},{y},1,2,"
                    f"{x - 90},{y - 80},{x + 90},{y + 80},{outcode(area)},,{areas[area]},,,"
                    f"Borough {area % 350},,,,,,,,England,,,,\n"
                )
    with (folder / "postcodes.csv").open("w") as out:
        out.write("postcode,latitude,longitude\n")
        for n in range(postcodes):
            code = f"{outcode(n // 600)} {n % 9}{chr(65 + n // 9 % 26)}{chr(65 + n // 234 % 26)}"
            out.write(f"{code},{50.4 + dice.random() * 5.4:.6f},{-4.5 + dice.random() * 5.5:.6f}\n")
    return sample


def outcode(n: int) -> str:
    """One of 3,000 districts."""
    return f"{chr(65 + n % 20)}{chr(65 + n // 20 % 20)}{n // 400 % 8 + 1}"


def misspelt(name: str, dice: random.Random) -> str:
    """The name with one slip in it."""
    at = dice.randrange(1, len(name) - 2)
    return dice.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            name[:at] + dice.choice("aeioulnrst") + name[at:],
            name[:at] + dice.choice("aeioulnrst") + name[at + 1 :],
        )
    )


def borne_once(path: Path, keys: Sequence[str]) -> list[str]:
    """Those of the keys that are one place's name, asked of a gazetteer that is closed again."""
    gazetteer = open_gazetteer(path)
    found = [key for key in keys if len(gazetteer.named(key)) == 1]
    gazetteer.close()
    return found


def questions(
    path: Path, sample: Sequence[str], seed: int
) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """(what, method, arguments) of each kind of look-up."""
    dice = random.Random(seed)
    keys = [name_key(name) for name in sample]
    runs = [(" ".join(dice.choices(SAID, k=dice.choice((1, 2, 3)))) + str(n),) for n in range(3_000)]
    points = [(50.5 + dice.random() * 5, -4.4 + dice.random() * 5) for _ in range(2_000)]
    yield "no name", "named", runs
    yield "begins no name", "begins", [(word + str(n),) for n in range(300) for word in SAID]
    yield "name of one place", "named", [(key,) for key in borne_once(path, keys)]
    yield "name, common or not", "named", [(key,) for key in keys]
    yield "shortened name", "shortened", [(key.rsplit(" ", 1)[0],) for key in keys]
    yield "misspelt name", "similar", [(misspelt(key, dice),) for key in keys]
    yield "similar to no name", "similar", runs[:1_000]
    yield "postcode", "postcode", [(f"{outcode(n)} {n % 9}AA",) for n in range(2_000)]
    yield "sector", "sector", [(f"{outcode(n)} {n % 9}",) for n in range(2_000)]
    yield "district's addresses", "outcode_points", [(outcode(n),) for n in range(1_000)]
    yield "district at a point", "outcode_at", list(points)
    yield "nearest place", "nearest", [(*point, 500.0) for point in points]
    yield "border at a point", "area_at", list(points)


def timed(call: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[float]:
    """Seconds of each call."""
    found, clock = [], time.perf_counter
    for values in arguments:
        began = clock()
        call(*values)
        found.append(clock() - began)
    return found


def look_up(path: Path, sample: Sequence[str], seed: int) -> dict[str, Any]:
    """Open the file in this process and time every kind of look-up."""
    before, began = held_mb(), time.perf_counter()
    gazetteer: SqliteGazetteer = open_gazetteer(path)
    figures: dict[str, Any] = {
        "open_s": significant(time.perf_counter() - began),
        "open_mb": round(held_mb() - before, 1),
        "lookups_us": {},
    }
    for what, method, arguments in questions(path, sample, seed):
        times = timed(getattr(gazetteer, method), arguments)
        figures["lookups_us"][what] = {
            "median": significant(percentile(times, 50) * 1e6),
            "p99": significant(percentile(times, 99) * 1e6),
            "n": len(times),
        }
    figures["misspelt_found"] = found_again(gazetteer, sample, seed)
    figures["used_mb"] = round(held_mb() - before, 1)
    gazetteer.close()
    return figures


def held_mb() -> float:
    """Memory of this process alone; pages of the mapped file are the system's to drop."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (held,) = (line for line in lines if line.startswith("Anonymous:"))
    return int(held.split()[1]) / 1e3


def found_again(gazetteer: SqliteGazetteer, sample: Sequence[str], seed: int) -> float:
    """The share of misspelt names for which the name that was meant is among the answers."""
    dice, keys = random.Random(seed), [name_key(name) for name in sample]
    found = [key in {name_key(p.name) for _, p in gazetteer.similar(misspelt(key, dice))} for key in keys]
    return significant(sum(found) / len(found))


def measure(folder: Path, places: int, postcodes: int, seed: int) -> dict[str, Any]:
    """Write, import, and look up in a process of its own."""
    tiles, out = folder / "tiles", folder / "gazetteer.db"
    tiles.mkdir()
    sample = write_tiles(tiles, places, postcodes, seed)
    (folder / "sample.json").write_text(json.dumps(sample))
    began, spent = time.perf_counter(), time.process_time()
    imported = import_gazetteer([tiles], out, now=datetime.now(UTC))
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    assert not imported.refused
    command = [sys.executable, "-m", "bench.gazetteer", "--look-up", str(folder), "--seed", str(seed)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return {
        "places": places,
        "postcodes": postcodes,
        "import_s": round(seconds, 1),
        "import_cpu_s": round(spent, 1),
        "rows_per_s": round(imported.rows / seconds),
        "import_peak_mb": round(peak_mb()),
        "file_mb": round(out.stat().st_size / 1e6),
        **json.loads(found.stdout),
    }


def peak_mb() -> float:
    """The most memory this process has had."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def show(figures: dict[str, Any]) -> None:
    """The figures for people."""
    for name, value in figures.items():
        if name != "lookups_us":
            print(f"{name:<16} {value}")
    for what, times in figures["lookups_us"].items():
        print(f"{what:<22} {times['median']:>9} µs median {times['p99']:>9} µs p99")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=3_000_000)
    parser.add_argument("--postcodes", type=int, default=1_700_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--look-up", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.look_up:
        sample = json.loads((asked.look_up / "sample.json").read_text())
        print(json.dumps(look_up(asked.look_up / "gazetteer.db", sample, asked.seed)))
        return
    with tempfile.TemporaryDirectory(prefix="bench-gazetteer-") as folder:
        figures = measure(Path(folder), asked.places, asked.postcodes, asked.seed)
    show(figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
