"""Lines of gazetteer files as their publishers write them, for the tests to put together."""

import json
from pathlib import Path
from typing import Any

GEODATA = Path(__file__).parents[4] / "shared" / "geodata"
NO_GEODATA = f"the shared test data is not at {GEODATA}"

CODE_POINT_HEADER = "postcode,quality,easting,northing,lad,ward\n"
ONSPD_HEADER = "pcd,pcd2,pcds,dointr,doterm,usertype,oseast1m,osnrth1m,oslaua,lat,long,lep1\n"


def open_name(name: str = "Ashwin Street", **more: str) -> str:
    """A line of an OS Open Names tile, by default a road of Dalston."""
    cells = dict.fromkeys(range(34), "") | {
        0: "osgb1", 2: name, 4: more.get("name2", ""), 6: more.get("type", "transportNetwork"),
        7: more.get("local", "Named Road"), 8: more.get("x", "533594"), 9: more.get("y", "184875"),
        10: "1", 11: "2", 16: more.get("outcode", "E8"), 18: more.get("place", "Dalston"),
        21: more.get("borough", "Hackney"), 29: "England",
    }  # fmt: skip
    if "half" in more:
        x, y, half = int(cells[8]), int(cells[9]), int(more["half"])
        cells |= {12: str(x - half), 13: str(y - half), 14: str(x + half), 15: str(y + half)}
    return ",".join(cells[n] for n in range(34)) + "\n"


def onspd(code: str, lat: str, lon: str, ended: str = "") -> str:
    """A line of the ONS Postcode Directory."""
    return (
        f'"{code[:4]:<4}{code[-3:]}","{code}","{code}","198001","{ended}",0,1,1,"E09000012",{lat},{lon},""\n'
    )


def geoname(name: str, feature: str = "P.PPL", **more: str) -> str:
    """A line of GeoNames' places."""
    letter, code = feature.split(".")
    cells = ["1", name, name, more.get("also", ""), more.get("lat", "51.5"), more.get("lon", "-0.1"), letter]
    cells += [code, more.get("country", "GB"), "", "ENG", "GLA", "", "", more.get("population", "0")]
    return "\t".join([*cells, "", "20", "Europe/London", "2024-01-01"]) + "\n"


def postal(name: str, code: str = "E8", accuracy: str = "4", at: tuple[str, str] = ("51.5", "-0.07")) -> str:
    """A line of GeoNames' postal codes."""
    return f"GB\t{code}\t{name}\tEngland\tENG\tGreater London\t1\t\t\t{at[0]}\t{at[1]}\t{accuracy}\n"


def borders(*features: tuple[str, float, float, float, float]) -> str:
    """GeoJSON of rectangles: name, west, south, east, north."""
    return json.dumps({"type": "FeatureCollection", "features": [_rectangle(*f) for f in features]})


def _rectangle(name: str, west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"LAD13CD": "E1", "LAD13NM": name}, "geometry": geometry}
