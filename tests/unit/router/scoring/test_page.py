"""The page: hostile words stay words, nothing is fetched, links lead somewhere; maps and timelines."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from services.router.scoring.metrics import Score
from services.router.scoring.mistakes import mistakes
from services.router.scoring.page.maps import areas_of, maps_of
from services.router.scoring.page.page import page
from services.router.scoring.page.project import HEIGHT, WIDTH, at_edge, inside, projection_of
from services.router.scoring.page.story import stories
from services.router.scoring.page.timeline import timeline_of
from shared.contracts.groups import Area, GroupDefinition

Table = Callable[..., Score]
SQUARE = ((((-0.12, 51.52), (0.0, 51.52), (0.0, 51.58), (-0.12, 51.58), (-0.12, 51.52)),),)
HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'><svg onload=a()> http://evil.example/ {{ 7*7 }}"
NAMED = ("id", "text", "scenario", "language", "reason")
EMPTY_TAGS = {"meta", "link", "img", "br", "input"}


class Parsed(HTMLParser):
    """Tags, attributes and visible text, as a browser would take them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self) -> Iterator[tuple[str, str]]:
        for _, attributes in self.tags:
            for name, value in attributes.items():
                yield name, value or ""


def definitions(name: str = "Hackney") -> list[GroupDefinition]:
    return [GroupDefinition(id="hackney", name=name, area=Area(polygons=SQUARE))]


@pytest.fixture
def score(table: Table) -> Score:
    return table(
        ("e1", "P", "opened", {"phone_lat": 51.5471, "phone_lon": -0.0621}),
        ("e1", "P", "attached"),
        ("e2", "P", "attached", {"scenario": "a-02"}),
        ("question", "Q", "opened", {"north": 0.002}),
        ("question", None, "held", {"scenario": "a-02"}),
    )


def test_hostile_words_stay_words(table: Table) -> None:
    hostile = {name: f"{name} {HOSTILE}" for name in NAMED}
    score = table(
        (
            "e1" + HOSTILE,
            "P" + HOSTILE,
            "opened",
            {**hostile, "groups": [HOSTILE], "phone_lat": 51.5, "phone_lon": 0},
        ),
        ("chatter", "Q", "opened", {"text": HOSTILE, "scenario": HOSTILE}),
    )
    found = Parsed(page(score, definitions(HOSTILE[:80])))
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "img", "iframe", "object", "form", "base"}
    assert found.open == []
    assert not [name for name, _ in found.attributes() if name.startswith("on")]
    assert found.text.count(HOSTILE) > 5
    assert "49" not in {part.strip() for part in found.text.split("http://evil.example/")}


def test_nothing_is_fetched_from_anywhere(score: Score) -> None:
    text = page(score, definitions())
    found = Parsed(text)
    assert not re.search(r"https?://|//[a-z]|url\(|@import", text)
    fetching = [
        value for name, value in found.attributes() if name in {"src", "href", "data", "action", "srcset"}
    ]
    assert all(value.startswith("#") or value == "data:," for value in fetching)
    policies = [a["content"] for tag, a in found.tags if tag == "meta" and a.get("http-equiv")]
    assert policies
    assert (policies[0] or "").startswith("default-src 'none'")


def test_every_link_leads_to_something_and_every_name_is_given_once(score: Score) -> None:
    found = Parsed(page(score, definitions()))
    ids = [value for name, value in found.attributes() if name == "id"]
    links = {value[1:] for name, value in found.attributes() if name == "href" and value.startswith("#")}
    assert len(ids) == len(set(ids))
    assert links <= set(ids)
    assert {f"m{n}" for n in range(5)} <= links


def test_mistakes_have_words_and_stand_first(score: Score) -> None:
    found = Parsed(page(score, definitions()))
    sections = found.text[found.text.index("Scenario by scenario") :]
    first, second = sections.split("All messages")[:2]
    assert "noise opened" in first
    assert "swallowed" in second
    assert [tag for tag, _ in found.tags].count("details") == 2


def test_an_empty_score_is_a_page_too(table: Table) -> None:
    assert "0 messages about 0 true incidents" in page(table(), definitions())
    assert "no mistakes" in page(table(("chatter", None, "ignored")), definitions())


def story_of(score: Score, number: int = 0) -> Any:
    return stories(score, mistakes(score))[number]


def test_a_map_shows_true_predicted_and_phones(score: Score) -> None:
    story = next(s for s in stories(score, mistakes(score)) if s.name == "a-01")
    (found,) = maps_of(story, areas_of(definitions()))
    assert [cross.name for cross in found.crosses] == ["e1"]
    assert [(disc.letter, disc.wrong) for disc in found.discs] == [("A", False), ("B", True)]
    assert [dot.colour for dot in found.dots] == [0]
    assert [outline.name for outline in found.outlines] == ["Hackney"]
    assert found.discs[0].to is not None
    assert found.discs[1].to is None
    assert found.phones_beyond == 0


def test_what_is_far_off_stands_at_the_edge_and_shrinks_nothing(table: Table) -> None:
    story = story_of(table(("e1", "P", "opened", {"north": 0.3, "phone_lat": 51.3, "phone_lon": -0.062})))
    (found,) = maps_of(story, [])
    (disc,) = found.discs
    assert disc.beyond == "33.4 km"
    assert disc.wrong
    assert inside(disc.x, disc.y)
    assert disc.y < 20
    assert (found.phones_beyond, found.dots) == (1, [])
    assert found.bar_name == "100 m"


def test_two_towns_have_two_maps_and_nothing_placed_has_none(table: Table) -> None:
    two = story_of(table(("e1", "P", "opened"), ("chatter", "Q", "opened", {"north": 4.0})))
    assert [len(found.discs) for found in maps_of(two, [])] == [1, 1]
    assert maps_of(story_of(table(("chatter", None, "ignored"))), []) == []


def test_a_projection_keeps_what_it_was_made_for_on_the_paper() -> None:
    paper = projection_of([(51.5, -0.1, 100.0), (51.52, 0.1, 0.0)])
    assert inside(*paper.xy(51.5, -0.1))
    assert inside(*paper.xy(51.52, 0.1))
    west, south, east, north = paper.bounds()
    assert west < -0.1
    assert east > 0.1
    assert south < 51.5
    assert north > 51.52
    assert inside(*at_edge(WIDTH * 9, -HEIGHT * 4))
    length, name = paper.scale_bar()
    assert name == "2 km"
    assert length == paper.length(2_000)


def test_a_timeline_has_a_row_an_event_and_one_for_noise(table: Table) -> None:
    story = story_of(
        table(
            ("e1", "P", "opened"),
            ("e2", None, "held"),
            ("chatter", "P", "attached"),
            ("e1", "P", "attached"),
            (None, None, "ignored", {"role": "update"}),
        )
    )
    found = timeline_of(story)
    assert [row.name for row in found.rows] == ["e1", "e2", "of no known incident", "noise"]
    marks = [mark for row in found.rows for mark in row.marks]
    assert [m.status for m in marks] == ["opened", "attached", "held", "ignored", "attached"]
    assert [m.mistake for m in marks] == ["", "", "missed", "", "noise joined"]
    assert [m.colour for m in marks] == [0, 0, None, None, 0]
    assert all(0 < mark.x < 900 for mark in marks)


def test_marks_at_one_moment_stand_under_each_other(table: Table) -> None:
    rows: list[Any] = [("e1", "P", "attached", {"seconds": 0}) for _ in range(4)]
    (row,) = timeline_of(story_of(table(*rows))).rows
    assert len({mark.y for mark in row.marks}) == 4


def test_a_long_silence_is_drawn_short(table: Table) -> None:
    found = timeline_of(
        story_of(
            table(
                ("e1", "P", "opened", {"seconds": 0}),
                ("e1", "P", "attached", {"seconds": 1_800}),
                ("e1", "P", "attached", {"seconds": 90_000}),
                ("e1", "P", "attached", {"seconds": 91_800}),
            )
        )
    )
    assert [pause.name for pause in found.breaks] == ["24 h"]
    xs = [mark.x for mark in found.rows[0].marks]
    assert xs[2] - xs[1] < xs[1] - xs[0]
    assert [tick.name for tick in found.ticks if "Mar" in tick.name] == ["02 Mar 12:00", "03 Mar 13:00"]
