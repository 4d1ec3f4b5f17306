"""What `relay evaluate` and `relay fit` share: the options that name files, several each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(exists=True, path_type=Path)


class ManyFiles(click.Command):
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


def with_geography(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say which groups there are and what is known of the country."""
    for option in (
        click.option("--postcodes", multiple=True, type=FILE, help="Postcode files, one or more."),
        click.option("--boundaries", multiple=True, type=FILE, help="GeoJSON boundaries, one or more."),
        click.option("--places", multiple=True, type=FILE, help="Gazetteer files, one or more."),
        click.option("--groups", required=True, type=FOLDER, help="Folder of group files."),
    ):
        function = option(function)
    return function
