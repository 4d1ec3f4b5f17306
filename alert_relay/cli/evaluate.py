"""`relay evaluate`: the pure judgement over a file of reports, without any server."""

from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import facts, json_option, note, put_json

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _ManyFiles(click.Command):
    """A command whose file options take several files each: `--places A B --places C`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option's name before each further file, which is the form click knows."""
        many = {name for p in self.params if isinstance(p, click.Option) and p.multiple for name in p.opts}
        spelled: list[str] = []
        option, values = "", 0
        for arg in args:
            if arg.startswith("-"):
                option, values = (arg if arg in many else ""), 0
            elif option:
                spelled += [option] if values else []
                values += 1
            spelled.append(arg)
        return super().parse_args(ctx, spelled)


@click.command(cls=_ManyFiles, short_help="Run the judgement over a file of reports.")
@click.option(
    "--groups", required=True, type=click.Path(exists=True, path_type=Path), help="Folder of group files."
)
@click.option("--reports", required=True, type=_FILE, help="JSON lines, one report each.")
@click.option(
    "--places",
    multiple=True,
    type=_FILE,
    help="Gazetteer files, or an imported one.",
)
@click.option("--boundaries", multiple=True, type=_FILE, help="GeoJSON boundaries, one or more.")
@click.option("--postcodes", multiple=True, type=_FILE, help="Postcode files, one or more.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Predictions, JSON lines."
)
@json_option
def evaluate(*, groups: Path, as_json: bool, **files: Any) -> None:
    """Decide about reports in time order, each line's `at` as its time of receipt. No servers.

    \b
    Report line:     {"id","at","source","sender","text","lat","lon","accuracy_m","postcode"}
    Prediction line: {"id","incident","status","lat","lon","radius_m","groups","reason"}

    \b
    Example:
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl \\
        --places opennames.csv geonames.txt --boundaries boroughs.geojson --postcodes codepoint.csv.gz
      relay evaluate --groups examples/networks --reports reports.jsonl --out predictions.jsonl \\
        --places gazetteer.db
    """
    from alert_relay.groupfile import find_group_files, load_group_files
    from services.router.evaluate import evaluate_files

    definitions = [group.definition for group in load_group_files(find_group_files([groups]))]
    summary = evaluate_files(definitions, progress=lambda done, all_: note(f"{done} of {all_}"), **files)
    if as_json:
        put_json(summary)
    else:
        facts({str(name).replace("_", " "): value for name, value in dict(summary).items()})
