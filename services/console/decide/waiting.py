"""Which incidents' messages wait because a group has sent all that it sends in an hour. Pure."""

from collections.abc import Container, Iterable, Iterator

from services.console.decide.draft import Document


def waiting_in(incidents: Iterable[Document], groups: Container[str]) -> Iterator[Document]:
    """What the desk of these groups has to see, the longest waiting first."""
    found = [
        {"group": group, "code": incident["code"], **one}
        for incident in incidents
        for group, one in incident.get("waiting", {}).items()
        if group in groups
    ]
    yield from sorted(found, key=lambda one: (one["since"], one["code"]))
