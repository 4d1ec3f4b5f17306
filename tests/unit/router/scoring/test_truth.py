"""Reading a corpus: one stream in time order; what is wrong is named with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.router.scoring.truth import beside, read_corpus
from shared.errors import SettingsError

TRUTH = {"incident": "e1", "role": "report", "lat": 51.5, "lon": -0.06, "radius_m": 50, "groups": ["hackney"]}


def line(name: str, minute: int, **more: Any) -> str:
    data = {"id": name, "at": f"2026-03-02T12:{minute:02}:00Z", "text": "words", "truth": TRUTH, **more}
    return json.dumps(data, ensure_ascii=False)


def test_several_files_are_one_stream(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line("late", 9) + "\n\n" + line("early", 1, text=None) + "\n")
    (tmp_path / "b.jsonl").write_text(line("between", 5, text="one\u2028two") + "\n")
    found = read_corpus([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    assert [one.id for one in found] == ["early", "between", "late"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (line("x", 2, truth=None), r"a\.jsonl:2: has no `truth`"),
        ('{"id": "x", "at": "2026-03-02T12:00:00Z"}', r"a\.jsonl:2: has no `truth`"),
        (line("x", 2, truth={"incident": None}), r"a\.jsonl:2: truth\.role"),
        (line("x", 2, truth=TRUTH | {"role": "gossip"}), r"a\.jsonl:2: truth\.role: 'gossip' is none of"),
        (line("first", 2), r"a\.jsonl:2: id: 'first' stands in .*a\.jsonl:1 too"),
        (line("x", 2, scenario="\x1b[2J"), r"a\.jsonl:2: scenario: not as"),
        ("{", r"a\.jsonl:2: is no corpus line"),
        ("[]", r"a\.jsonl:2: line: not as a corpus line should be"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, bad: str, says: str) -> None:
    (tmp_path / "a.jsonl").write_text(line("first", 1) + "\n" + bad + "\n")
    with pytest.raises(SettingsError, match=says):
        read_corpus([tmp_path / "a.jsonl"])


def test_a_line_without_prediction_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line("alone", 1))
    with pytest.raises(SettingsError, match="no prediction for alone"):
        beside(read_corpus([tmp_path / "a.jsonl"]), [])
