"""Plays corpus files and scores what came of it: predictions, figures, and the page, if they are wanted."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from services.router.evaluate import Prediction, Progress, Summary, evaluate, prediction_line
from services.router.report_lines import read_all
from services.router.scoring import targets
from services.router.scoring.metrics import Score, language_of, scenario_of
from services.router.scoring.mistakes import mistakes
from services.router.scoring.page.page import page
from services.router.scoring.truth import beside, read_corpus
from shared.contracts.groups import GroupDefinition
from shared.gazetteer.load import load_gazetteer


def score_files(  # noqa: PLR0913 - the command's options
    definitions: Sequence[GroupDefinition],
    *,
    reports: Sequence[Path],
    places: Sequence[Path] = (),
    boundaries: Sequence[Path] = (),
    postcodes: Sequence[Path] = (),
    out: Path | None = None,
    html: Path | None = None,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """The summary of the predictions with everything that `as_data` says of them.

    Raises `SettingsError` naming file and line for what cannot be read or has no truth.
    """
    corpus = read_corpus(reports)
    received = read_all(reports)
    gazetteer = load_gazetteer([*places, *boundaries, *postcodes])
    summary = Summary(len(received), progress)
    told: dict[str, datetime] = {}
    predictions = list(summary.counting(_kept(evaluate(definitions, received, gazetteer, told), out)))
    score = Score(beside(corpus, predictions, told))
    if html is not None:
        html.write_text(page(score, definitions), encoding="utf-8")
    return summary.told() | as_data(score)


def _kept(predictions: Iterable[Prediction], out: Path | None) -> Iterator[Prediction]:
    """The same predictions, also written to a file if there is to be one."""
    if out is None:
        yield from predictions
        return
    with out.open("w", encoding="utf-8") as stream:
        for prediction in predictions:
            stream.write(prediction_line(prediction))
            yield prediction


def as_data(score: Score) -> dict[str, Any]:
    """Figures overall, by language and by scenario, targets, and every mistake, the worst first."""
    figures = score.figures()
    return {
        "figures": figures,
        "targets": targets.as_data(figures),
        "languages": dict(score.by(language_of)),
        "scenarios": dict(score.by(scenario_of)),
        "mistakes": [mistake.as_data() for mistake in mistakes(score)],
    }
