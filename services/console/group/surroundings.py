"""What lies around a group's area on its pages: other groups, districts, boroughs, places, a map."""

from dataclasses import replace

from services.console.decide.group.outline import Around
from services.console.decide.map.areas import group_area
from services.console.decide.map.surroundings import surroundings
from services.console.decide.map.view import View
from services.console.group.boundaries import shapes_in
from services.console.group.pages import Scope


async def surroundings_of(scope: Scope) -> Around:
    """Everything but the names of places, which depend on the view."""
    groups = await scope.console.store.listed("groups", "group")
    tiles = scope.console.tiles
    return Around(
        groups=tuple(map(group_area, groups)),
        districts=scope.console.places.current.districts,
        borders=shapes_in(scope.console.settings.console_boundaries_file),
        coverage=tiles.coverage if tiles else None,
    )


def named_in(scope: Scope, lies: Around, view: View | None) -> Around:
    """The same with the names of places in that view."""
    if view is None:
        return lies
    return replace(lies, places=surroundings(scope.console.places.current, view))
