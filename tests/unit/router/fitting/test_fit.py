"""Fitting a small corpus: obvious directions, both files, and the same again."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from services.router.decide.sounds import FILE as SOUNDS_FILE
from services.router.decide.weights import weights
from services.router.fitting.fit import fit_files
from services.router.fitting.play import Example, examples
from services.router.fitting.sentences import read_sentences
from services.router.fitting.weight_files import KINDS_FILE, LINKS, read_kinds, read_links
from services.router.report_lines import read_all
from services.router.scoring.truth import read_corpus
from shared.contracts.groups import GroupDefinition
from shared.errors import SettingsError
from shared.gazetteer.index import SqliteGazetteer

Groups = Sequence[GroupDefinition]
TWICE = 2
"""Each message is played as it came, and again with the scenarios laid over each other."""
SENTENCES = '[[sentence]]\ntext = "immigration raid here now, officers in the shop"\nkind = "report"\n'


@pytest.fixture(scope="module")
def played(groups: Groups, corpus: Path, gazetteer: SqliteGazetteer) -> list[Example]:
    lines = {line.id: line for line in read_corpus([corpus])}
    return examples(groups, lines, read_all([corpus]), gazetteer)


def test_a_corpus_is_played_by_its_truth(played: list[Example]) -> None:
    story = {e.line.id: e for e in played if e.line.scenario == "s3"}
    assert not story["s3-0"].known
    assert story["s3-2"].known
    true = [c for c in story["s3-2"].candidates if c.true]
    others = [c for c in story["s3-2"].candidates if not c.true]
    assert len(true) == 1
    assert "copy" in true[0].signs
    assert "copy" not in {sign for c in others for sign in c.signs}
    assert [e.kind for e in played[:5]] == ["report", "report", "report", "update", "update"]


def test_an_examples_context_is_the_judgements_own(played: list[Example]) -> None:
    """Should `judge.context_of` change, this says that `Example.context_by` must follow."""
    assert [e.context_by(weights()) for e in played] == [e.context for e in played]


def test_from_nothing_the_obvious_directions_are_found(groups: Groups, corpus: Path, blank: Path) -> None:
    found = fit_files(groups, corpus=[corpus], folder=blank)
    links = {w["name"]: w["new"] for w in found["links"]["weights"]}
    assert min(links["same_spot"], links["sender"]) > 0.1
    assert links["far_spot"] <= 0
    assert links["returned"] == links["other_venue"] == 0.0
    accuracy = found["links"]["accuracy"]
    assert accuracy["cross-validated"] > max(accuracy["by hand"], 0.8)
    measures = found["kinds"]["measures"]["cross-validated"]
    assert measures["noise or not"] > 0.9
    assert found["kinds"]["languages"].keys() == {"en"}
    assert sum(found["kinds"]["languages"]["en"].values()) == TWICE * 72


def test_without_write_nothing_is_changed(groups: Groups, corpus: Path, folder: Path) -> None:
    before = {path: path.read_text() for path in folder.iterdir()}
    assert not fit_files(groups, corpus=[corpus], folder=folder)["written"]
    assert {path: path.read_text() for path in folder.iterdir()} == before


def test_what_is_written_reads_well_and_fitting_again_changes_nothing(
    groups: Groups, corpus: Path, folder: Path
) -> None:
    prior, _ = read_links(folder)
    comments = [line.partition("#")[2] for line in (folder / LINKS).read_text().splitlines()]
    first = fit_files(groups, corpus=[corpus], folder=folder, write=True)
    texts = {name: (folder / name).read_text() for name in (LINKS, KINDS_FILE, SOUNDS_FILE)}
    again = fit_files(groups, corpus=[corpus], folder=folder, write=True)
    assert {name: (folder / name).read_text() for name in texts} == texts
    assert sorted(path.name for path in folder.iterdir()) == sorted(texts)

    assert read_links(folder) == (prior, {w["name"]: w["new"] for w in first["links"]["weights"]})
    assert [line.partition("#")[2] for line in texts[LINKS].splitlines()] == comments
    assert all(w["old"] == w["new"] for w in again["links"]["weights"] + again["kinds"]["weights"])
    assert again["links"]["accuracy"]["before"] >= first["links"]["accuracy"]["by hand"]

    kinds = read_kinds(folder)
    assert list(kinds) == list(tomllib.loads(texts[KINDS_FILE]))
    assert kinds["question"]["rule_question"] > 1
    for section in texts[KINDS_FILE].split("\n[")[1:]:
        assert section.splitlines()[0].partition("]  # ")[2]
        for side in section.split("# against it"):
            sizes = [abs(float(line.partition(" = ")[2])) for line in side.splitlines() if " = " in line]
            assert sizes == sorted(sizes, reverse=True)


def test_sentences_are_learned_from_but_not_counted(
    groups: Groups, corpus: Path, folder: Path, tmp_path: Path
) -> None:
    sentences = tmp_path / "sentences"
    sentences.mkdir()
    (sentences / "xx.toml").write_text(SENTENCES * 30 + SENTENCES.replace("report", "help"))
    with_them = fit_files(groups, corpus=[corpus], folder=folder, sentences=sentences)["kinds"]
    without = fit_files(groups, corpus=[corpus], folder=folder)["kinds"]
    assert (with_them["sentences"], without["sentences"]) == (30, 0)
    assert with_them["messages"] == without["messages"] == TWICE * 72
    assert with_them["weights"] != without["weights"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[sentence]]\ntext = 3\nkind = 'report'\n", "sentence 1: needs a `text`"),
        (
            SENTENCES + "[[sentence]]\ntext = 'x'\nkind = 'gossip'\n",
            "sentence 2: kind: 'gossip' is none of report",
        ),
        ("[[sentence", "cannot be read"),
    ],
)
def test_a_wrong_sentence_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "xx.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"xx\.toml: .*") as caught:
        read_sentences(tmp_path)
    assert says in str(caught.value)


def test_the_lexicons_own_sentences_can_be_read() -> None:
    found = read_sentences(Path(__file__).parents[1] / "lexicon")
    assert len(found) > 100


@pytest.mark.parametrize(
    ("line", "prior", "in_use"),
    [("x = 2", 2.0, 2.0), ("x = [ 2.0, 1.5] # why", 2.0, 1.5), ("x=[1,3]", 1.0, 3.0)],
)
def test_a_weight_has_one_value_or_two(tmp_path: Path, line: str, prior: float, in_use: float) -> None:
    (tmp_path / LINKS).write_text(line + "\n")
    found: Any = read_links(tmp_path)
    assert found == ({"x": prior}, {"x": in_use})


def test_too_small_a_corpus_writes_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(SettingsError, match="has 0 messages"):
        fit_files([], corpus=[empty], write=True)
