"""`relay fit`: fits the weights of the judgement to corpora whose truth is known."""

from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import json_option, note, put_json, say
from alert_relay.cli.files import FILE, ManyFiles, with_geography


@click.command(cls=ManyFiles, short_help="Fit the judgement's weights to a corpus with truth.")
@with_geography
@click.option(
    "--corpus", required=True, multiple=True, type=FILE, help="Report lines with truth, JSON lines."
)
@click.option(
    "--sentences",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the lexicon's test sentences, as further examples of kinds.",
)
@click.option("--write", is_flag=True, help="Write weights.toml and kinds.toml; else nothing is changed.")
@click.option("--all", "every", is_flag=True, help="Show every weight of kinds, not the most changed alone.")
@json_option
def fit(*, groups: Path, every: bool, as_json: bool, **files: Any) -> None:
    """Fit how much each sign counts, with cross-validation: whole scenarios are left out in turn.

    Weights are pulled towards those set by hand, so what the corpus says little about stays as it is.
    The corpus is as for `relay evaluate --score`. Fit on one part of it and score the other.

    \b
    Example:
      relay fit --groups examples/networks --corpus march.jsonl april.jsonl
      relay fit --groups examples/networks --corpus march.jsonl --sentences tests/unit/router/lexicon --write
    """
    from alert_relay.cli.fit_views import put_fit
    from alert_relay.groupfile import find_group_files, load_group_files
    from services.router.fitting.fit import fit_files

    definitions = [group.definition for group in load_group_files(find_group_files([groups]))]
    found = fit_files(definitions, progress=lambda done, all_: note(f"{done} of {all_}"), **files)
    if as_json:
        put_json(found)
        return
    put_fit(found, every=every)
    say("\nWritten." if found["written"] else "\nNothing is written: --write does.")
