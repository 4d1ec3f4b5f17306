"""Puts the page together. Jinja escapes every value; the templates mark nothing as safe."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.router.scoring.events import error_m
from services.router.scoring.metrics import Score, language_of, scenario_of
from services.router.scoring.mistakes import Mistake, first_words, metres, mistakes
from services.router.scoring.page import project, timeline
from services.router.scoring.page.maps import Areas, areas_of, maps_of
from services.router.scoring.page.story import Story, stories
from services.router.scoring.page.timeline import timeline_of
from services.router.scoring.targets import BRIEF, brief, rows
from services.router.scoring.truth import Judged
from shared.contracts.groups import GroupDefinition

_TEMPLATES: Final = Path(__file__).parent / "templates"
_WORST: Final = 12


def page(score: Score, definitions: Sequence[GroupDefinition]) -> str:
    """The whole page as text."""
    wrong = mistakes(score)
    told = stories(score, wrong)
    areas = areas_of(definitions)
    template = _environment().get_template("page.html")
    return template.render(
        figures=score.figures(),
        rows=rows(score.figures()),
        brief_names=BRIEF,
        languages={name: (f, brief(f)) for name, f in score.by(language_of).items()},
        scenarios={
            story.name: (story, *_brief(score, story)) for story in sorted(told, key=lambda s: s.name)
        },
        worst=wrong[:_WORST],
        mistakes=len(wrong),
        anchors={m.id: anchor for story in told[:1] for m, anchor in _anchored(score, story)},
        sections=[_section(story, areas) for story in told],
        map_size=(project.WIDTH, project.HEIGHT),
        timeline_width=timeline.WIDTH,
    )


def _brief(score: Score, story: Story) -> tuple[Mapping[str, Any], Any]:
    figures = score.figures(lambda m: scenario_of(m) == story.name)
    return figures, brief(figures)


def _anchored(score: Score, story: Story) -> list[tuple[Judged, str]]:
    return [(m, story.anchors[m.id]) for m in score.judged]


def _section(story: Story, areas: Areas) -> dict[str, Any]:
    return {
        "story": story,
        "maps": maps_of(story, areas),
        "timeline": timeline_of(story),
        "lines": [_line(story, message) for message in story.messages],
        "kinds": _counted(story.mistakes),
    }


def _counted(found: Sequence[Mistake]) -> dict[str, tuple[int, bool]]:
    """Kind → how many, and whether it is serious."""
    counts: dict[str, tuple[int, bool]] = {}
    for mistake in found:
        counts[mistake.kind] = (counts.get(mistake.kind, (0, False))[0] + 1, mistake.serious)
    return counts


def _line(story: Story, message: Judged) -> dict[str, Any]:
    """A row of the table of messages."""
    off = error_m(message)
    return {
        "message": message,
        "anchor": story.anchors[message.id],
        "found": story.predicted.get(message.incident or ""),
        "mistake": story.mistake_of(message),
        "off": metres(off) if off is not None else "",
    }


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": _clock,
        "words": lambda slug: slug.replace("_", " "),
        "begin": first_words,
    }
    return environment


def _clock(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M}"
