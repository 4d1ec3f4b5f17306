"""`relay evaluate`: the pure judgement over files of reports, without any server, and how good it is."""

from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_USAGE, Failure, facts, json_option, note, put_json, say
from alert_relay.cli.files import FILE, NEW_FILE, ManyFiles, with_geography


@click.command(cls=ManyFiles, short_help="Run the judgement over files of reports; score it.")
@with_geography
@click.option(
    "--reports",
    required=True,
    multiple=True,
    type=FILE,
    help="JSON lines, one report each; several files are one stream.",
)
@click.option("--out", type=NEW_FILE, help="Predictions, JSON lines.")
@click.option("--score", is_flag=True, help="Print how good the predictions are; the lines need a truth.")
@click.option("--html", type=NEW_FILE, help="Write a page with maps and timelines to look at mistakes.")
@json_option
def evaluate(
    *, groups: Path, out: Path | None, score: bool, html: Path | None, as_json: bool, **files: Any
) -> None:
    """Decide about reports in time order, each line's `at` as its time of receipt. No servers.

    \b
    Report line:     {"id","at","source","sender","text","lat","lon","accuracy_m","postcode"}
    Prediction line: {"id","incident","status","lat","lon","radius_m","groups","reason"}
    To be scored, a report line also has "scenario", "language" and
    "truth": {"incident","role","lat","lon","radius_m","groups"}.

    \b
    Example:
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl \\
        --places opennames.csv geonames.txt --boundaries boroughs.geojson --postcodes codepoint.csv.gz
      relay evaluate --groups examples/networks --reports march.jsonl april.jsonl --score --html page.html
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl \\
        --places gazetteer.db
    """
    from alert_relay.groupfile import find_group_files, load_group_files

    if out is None and html is None and not score:
        raise Failure("Nothing to do: give --out FILE, --score or --html PAGE.", EXIT_USAGE)
    for path in (out, html):
        if path is not None and not path.absolute().parent.is_dir():
            raise Failure(f"{path}: there is no folder {path.parent}; make it first.", EXIT_USAGE)
    definitions = [group.definition for group in load_group_files(find_group_files([groups]))]
    if score or html is not None:
        _score(definitions, out=out, html=html, tables=score, as_json=as_json, **files)
    else:
        _predict(definitions, out=out, as_json=as_json, **files)


def _predict(definitions: Any, *, as_json: bool, **files: Any) -> None:
    from services.router.evaluate import evaluate_files

    _put_summary(evaluate_files(definitions, progress=_progress, **files), as_json=as_json)


def _score(definitions: Any, *, html: Path | None, tables: bool, as_json: bool, **files: Any) -> None:
    from alert_relay.cli.score_views import put_score
    from services.router.scoring.files import score_files

    found = score_files(definitions, html=html, progress=_progress, **files)
    if as_json:
        put_json(found)
        return
    _put_summary({name: value for name, value in found.items() if isinstance(value, int)}, as_json=False)
    if tables:
        put_score(found)
    if html is not None:
        say(f"\nThe page to look at: {html}")


def _put_summary(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put_json(summary)
    else:
        facts({name.replace("_", " "): value for name, value in summary.items()})


def _progress(done: int, every: int) -> None:
    note(f"{done} of {every}")
