"""`relay evaluate`: one line a report in the agreed format; explanations; broken lines named."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.router.evaluate import evaluate_files, explain_file
from shared.contracts.groups import Area, GroupDefinition
from shared.errors import SettingsError
from shared.gazetteer.index import SqliteGazetteer

AREA = Area(polygons=((((-0.12, 51.52), (0.0, 51.52), (0.0, 51.58), (-0.12, 51.58), (-0.12, 51.52)),),))
GROUPS = [GroupDefinition(id="hackney", name="Hackney", area=AREA)]
KEYS = ["id", "incident", "status", "lat", "lon", "radius_m", "groups", "reason"]


def line(name: str, at: str, text: str | None, **more: Any) -> str:
    nulls = dict.fromkeys(("source", "sender", "lat", "lon", "accuracy_m", "postcode"))
    data = {"id": name, "at": f"2022-05-14T{at}Z", "text": text, **nulls, **more, "truth": {"incident": 1}}
    return json.dumps(data)


LINES = [
    line(
        "c", "12:02:00", "RT immigration raid on Ashwin Street, two vans, please come and watch", sender="x"
    ),
    line("a", "12:00:00", "immigration raid in Hackney", sender="y", source="sms"),
    line("b", "12:01:00", "immigration raid on Ashwin Street, two vans, please come and watch", sender="z"),
    line("d", "12:03:00", "is there a raid?"),
    line("e", "12:04:00", None, lat=51.55, lon=-0.06, accuracy_m=20),
    line("f", "18:00:00", "immigration raid Ashwin Street, they are back, I can see them", sender="q"),
]


def run(
    tmp_path: Path, lines: list[str]
) -> tuple[list[dict[str, Any]], dict[str, Any], list[tuple[int, int]]]:
    reports, out = tmp_path / "reports.jsonl", tmp_path / "out.jsonl"
    reports.write_text("\n".join(lines) + "\n")
    seen: list[tuple[int, int]] = []
    summary = evaluate_files(GROUPS, reports=[reports], out=out, progress=lambda *p: seen.append(p))
    return [json.loads(text) for text in out.read_text().splitlines()], summary, seen


def test_predictions_in_time_order_and_format(tmp_path: Path) -> None:
    found, summary, seen = run(tmp_path, LINES)
    assert [list(p) for p in found] == [KEYS] * 6
    assert [(p["id"], p["status"]) for p in found] == [
        ("a", "held"),
        ("b", "opened"),
        ("c", "attached"),
        ("d", "ignored"),
        ("e", "held"),
        ("f", "opened"),
    ]
    by_id = {p["id"]: p for p in found}
    assert by_id["a"]["groups"] == by_id["b"]["groups"] == ["hackney"]
    assert by_id["b"]["incident"] == by_id["c"]["incident"] != by_id["f"]["incident"]
    assert by_id["d"] == {
        **dict.fromkeys(KEYS),
        "id": "d",
        "status": "ignored",
        "groups": [],
        "reason": "question",
    }
    assert (summary["reports"], summary["opened"], summary["incidents"]) == (6, 2, 2)
    assert seen[-1] == (6, 6)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", r"reports\.jsonl:2: is no report line"),
        ('{"id": "x"}', r"reports\.jsonl:2: is no report line"),
        (line("x", "12:00:00", "t", lat=200, lon=0), r"reports\.jsonl:2: position\.lat"),
        ('{"id": "x", "at": "then"}', r"reports\.jsonl:2: at"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, bad: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        run(tmp_path, [LINES[0], bad])


def test_explain_says_why(tmp_path: Path, gazetteer: SqliteGazetteer) -> None:
    reports = tmp_path / "reports.jsonl"
    reports.write_text("\n".join(LINES))
    found = explain_file(GROUPS, reports, "c", gazetteer=gazetteer)
    assert (found["verdict"], found["reason"]) == ("join", "same_text")
    assert found["understood"]["kind"] == "report"
    assert found["place"]["label"].startswith("Ashwin Street")
    assert found["considered"][0]["signs"].keys() >= {"same_spot", "same_label", "copy"}
    assert json.dumps(found)
    with pytest.raises(SettingsError, match="'nobody'"):
        explain_file(GROUPS, reports, "nobody", gazetteer=gazetteer)
