"""`relay evaluate` at the command line: several files, the score, the page, what is wrong in a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay

NETWORKS = str(Path(__file__).parents[3] / "examples" / "networks")
ASHWIN = {
    "incident": "e1",
    "role": "report",
    "lat": 51.5469,
    "lon": -0.0749,
    "radius_m": 60,
    "groups": ["hackney"],
}
NONE: dict[str, Any] = {
    "incident": None,
    "role": "question",
    "lat": None,
    "lon": None,
    "radius_m": None,
    "groups": [],
}


def line(name: str, at: str, text: str, truth: Any) -> str:
    data = {"id": name, "at": f"2026-03-02T{at}Z", "text": text, "scenario": "a-01", "language": "en"}
    return json.dumps(data | ({"truth": truth} if truth else {}))


@pytest.fixture
def corpora(tmp_path: Path) -> list[str]:
    """Two files of one story: the later message stands in the first."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    text = "immigration raid on Ashwin Street, two vans, I can see them taking someone"
    one.write_text(line("b", "12:05:00", "RT " + text, ASHWIN) + "\n")
    question = line("c", "12:06:00", "is there a raid?", NONE)
    two.write_text(line("a", "12:00:00", text, ASHWIN) + "\n" + question + "\n")
    return [str(one), str(two)]


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, ["evaluate", "--groups", NETWORKS, *args])


def test_several_files_are_played_as_one_stream(tmp_path: Path, corpora: list[str]) -> None:
    out = tmp_path / "out.jsonl"
    result = run("--reports", *corpora, "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    found = [json.loads(text) for text in out.read_text().splitlines()]
    assert [(p["id"], p["status"]) for p in found] == [("a", "opened"), ("b", "attached"), ("c", "ignored")]
    assert json.loads(result.stdout)["reports"] == 3


def test_a_score_reads_calmly(corpora: list[str]) -> None:
    result = run("--reports", *corpora, "--score")
    assert result.exit_code == 0, result.output
    lines = [" ".join(text.split()) for text in result.stdout.splitlines()]
    assert "F1 by incident 1.000 ≥ 0.920 met" in lines
    assert "swallowed and missed 0 0 met" in lines
    assert any(text.startswith("en 3 1 1.000") for text in lines)
    assert any(text.startswith("a-01 3 1 1.000") for text in lines)
    assert "No mistakes." in lines


def test_a_score_as_one_object(corpora: list[str]) -> None:
    found = json.loads(run("--reports", *corpora, "--score", "--json").stdout)
    assert found["reports"] == 3
    assert found["figures"]["by_incident"]["f1"] == found["languages"]["en"]["by_message"]["f1"] == 1.0
    assert found["targets"]["noise_opened"] == {"value": 0.0, "target": "≤ 3.00 %", "met": True}
    assert list(found["scenarios"]) == ["a-01"]
    assert found["mistakes"] == []


def test_mistakes_are_listed_with_their_reason(tmp_path: Path) -> None:
    corpus = tmp_path / "one.jsonl"
    corpus.write_text(line("a", "12:00:00", "nice weather today", ASHWIN) + "\n")
    result = run("--reports", str(corpus), "--score")
    assert "a  MISSED: ignored (" in result.stdout
    assert "should open an incident (e1), told to hackney" in result.stdout
    assert "“nice weather today”" in result.stdout


def test_the_page_is_written(tmp_path: Path, corpora: list[str]) -> None:
    target = tmp_path / "page.html"
    result = run("--reports", *corpora, "--html", str(target))
    assert result.exit_code == 0, result.output
    assert f"The page to look at: {target}" in result.stdout
    assert "F1 by incident" not in result.stdout
    assert "3 messages about 1 true incident in 1 scenario." in target.read_text()


def test_a_line_without_truth_is_named(tmp_path: Path, corpora: list[str]) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text(
        line("x", "12:00:00", "words", ASHWIN) + "\n" + line("y", "12:00:00", "words", None) + "\n"
    )
    result = run("--reports", *corpora, str(bare), "--score")
    assert result.exit_code == 2
    assert "bare.jsonl:2: has no `truth`" in result.output


def test_a_folder_that_is_not_there_is_named_before_anything_is_played(corpora: list[str]) -> None:
    result = run("--reports", *corpora, "--html", "/nowhere/page.html")
    assert result.exit_code == 2
    assert "/nowhere" in result.stderr
    assert "make it first" in result.stderr


def test_something_must_be_asked_for(corpora: list[str]) -> None:
    result = run("--reports", *corpora)
    assert result.exit_code == 2
    assert "give --out FILE, --score or --html PAGE" in result.output


def test_a_fit_tells_what_it_would_change(corpora: list[str]) -> None:
    args = ["fit", "--groups", NETWORKS, "--corpus", *corpora]
    result = CliRunner().invoke(relay, args)
    assert result.exit_code == 0, result.output
    lines = [" ".join(text.split()) for text in result.stdout.splitlines()]
    assert any(text.startswith("same_spot ") for text in lines)
    assert any(text.startswith("en ") for text in lines)
    assert lines[-1] == "Nothing is written: --write does."
    found = json.loads(CliRunner().invoke(relay, [*args, "--json"]).stdout)
    assert found["written"] is False
    assert set(found["links"]["accuracy"]) == {"by hand", "before", "cross-validated"}
    assert set(found["kinds"]["measures"]["by rules"]) == {
        "kinds",
        "noise or not",
        "noise found",
        "signal kept",
    }


def test_a_fit_needs_the_truth(tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text(line("y", "12:00:00", "words", None) + "\n")
    result = CliRunner().invoke(relay, ["fit", "--groups", NETWORKS, "--corpus", str(bare)])
    assert result.exit_code == 2
    assert "bare.jsonl:1: has no `truth`" in result.output
