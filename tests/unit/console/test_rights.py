"""Rights pages: no word about the law without somebody who stands behind exactly these words, today."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alert_relay.cli import relay
from services.console.decide.rights import Head, RightsPage, Source, by_key, choose
from services.console.rights_files import SHIPPED, load_rights, read_rights
from services.console.web.markdown import to_html
from services.console.web.words import LANGUAGES
from shared.contracts.situation import JURISDICTIONS, SETTINGS
from shared.errors import SettingsError
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import START, Rig, console_rig

TODAY = START.date()
DAY = timedelta(days=1)
TEXT = "The words of *somebody* who knows."


def a_page(language: str = "en", text: str = TEXT, *, signed: bool = True, **change: Any) -> RightsPage:
    head = Head(
        jurisdiction="scotland",
        setting="home",
        language=language,
        sources=(Source.model_validate({"name": "Advice", "url": "https://advice.example.org/"}),),
    )
    page = RightsPage(head, text)
    if not signed:
        return page
    signature = {
        "signed_by": "A. Solicitor",
        "signed_on": TODAY - DAY,
        "expires_on": TODAY + DAY,
        "signed_digest": page.digest,
    } | change
    return RightsPage(head.model_copy(update=signature), text)


@pytest.mark.parametrize(
    ("page", "standing"),
    [
        (a_page(), "signed"),
        (a_page(signed=False), "unsigned"),
        (a_page(expires_on=TODAY), "expired"),
        (a_page(signed_on=TODAY + DAY, expires_on=TODAY + 2 * DAY), "signed_in_the_future"),
        (a_page(signed_digest="0" * 16), "changed_since_signed"),
        (RightsPage(a_page().head, TEXT + " And one more word."), "changed_since_signed"),
        (RightsPage(a_page().head.model_copy(update={"setting": "work"}), TEXT), "changed_since_signed"),
        (RightsPage(a_page().head.model_copy(update={"language": "fr"}), TEXT), "changed_since_signed"),
    ],
)
def test_where_a_page_stands(page: RightsPage, standing: str) -> None:
    assert page.standing(TODAY) == standing


@pytest.mark.parametrize(
    ("english", "polish", "why", "language"),
    [
        (a_page(), a_page("pl"), "reviewed", "pl"),
        (a_page(), a_page("pl", signed=False), "reviewed_in_english", "en"),
        (a_page(), a_page("pl", expires_on=TODAY), "reviewed_in_english", "en"),
        (a_page(), None, "reviewed_in_english", "en"),
        (a_page(signed=False), a_page("pl"), "reviewed", "pl"),
        (a_page(signed=False), a_page("pl", signed=False), "not_reviewed", "en"),
        (a_page(expires_on=TODAY), None, "not_reviewed", "en"),
    ],
)
def test_which_page_a_polish_reader_gets(
    english: RightsPage, polish: RightsPage | None, why: str, language: str
) -> None:
    pages = by_key(page for page in (english, polish) if page)
    shown = choose(pages, "scotland", "home", "pl", today=TODAY)
    assert shown is not None
    assert (shown.why, shown.page.head.language) == (why, language)


def test_a_place_that_is_not_there_has_no_page() -> None:
    assert choose(by_key([a_page()]), "wales", "home", "en", today=TODAY) is None


# --- files ------------------------------------------------------------------------------------------


def write(folder: Path, page: RightsPage, name: str = "page.md", **change: str) -> Path:
    head = {
        **{key: value for key, value in page.head.model_dump(mode="json").items() if value is not None},
        **change,
    }
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{json.dumps(head)}\n---\n\n{page.text}\n", encoding="utf-8")
    return file


def test_what_ships_is_whole_honest_and_gives_no_advice() -> None:
    found = read_rights(SHIPPED)
    assert [f.mistake for f in found if f.mistake] == []
    pages = [f.page for f in found if f.page]
    assert {p.key for p in pages} == {(j, s, "en") for j in JURISDICTIONS for s in SETTINGS}
    assert {p.standing(date(2026, 12, 1)) for p in pages} == {"unsigned"}
    assert {p.text for p in pages} == {"Observe, don't obstruct.\n\nNot yet reviewed by a lawyer."}


def test_the_operators_pages_come_first(tmp_path: Path) -> None:
    write(tmp_path / "deep", a_page())
    pages = load_rights(tmp_path)
    assert pages["scotland", "home", "en"].text == TEXT
    assert len(pages) == len(load_rights(None))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no head at all", "between two lines of three dashes"),
        ("\n---\na: 1\n---\n", "between two lines of three dashes"),
        ("---\na: [\n---\n", "the head is not YAML"),
        ("---\njust words\n---\n", "valid dictionary"),
        ("---\njurisdiction: mars\n---\n", "jurisdiction: Input should be 'england-wales', 'scotland'"),
        ("---\na: 1\n---\n# A title of its own\n", "write headings with ##"),
        ("---\na: 1\n---\n\udcff", "not YAML"),
    ],
)
def test_a_wrong_file_is_named_with_the_remedy(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.md").write_bytes(content.encode("utf-8", "surrogateescape"))
    (found,) = read_rights(tmp_path)
    assert says in found.mistake
    with pytest.raises(SettingsError, match=r"wrong\.md"):
        load_rights(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"signed_by": ""}, "signed_by"),
        ({"expires_on": "2022-05-13"}, "must lie after signed_on"),
        ({"expires_on": "2023-05-30"}, "a year at most"),
        ({"signed_on": "yesterday"}, "signed_on"),
        ({"colour": "red"}, "no such key"),
        ({"sources": [{"name": "x", "url": "http://advice.example.org"}]}, "sources.0.url"),
        ({"sources": [{"name": "x", "url": "javascript:alert(1)"}]}, "sources.0.url"),
        ({"sources": []}, "sources"),
    ],
)
def test_a_wrong_head_is_named_by_its_key(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    write(tmp_path, a_page(), **change)
    (found,) = read_rights(tmp_path)
    assert says in found.mistake


def test_half_a_signature_and_a_second_page_for_one_place_are_mistakes(tmp_path: Path) -> None:
    write(tmp_path, a_page(signed=False), signed_by="A. Solicitor")
    (found,) = read_rights(tmp_path)
    assert "a signature has four parts" in found.mistake
    write(tmp_path, a_page())
    write(tmp_path, a_page(), "second.md")
    assert [f.mistake for f in read_rights(tmp_path)] == [
        "",
        "page.md is for the same place, setting and language; remove one",
    ]


def test_the_check_command_says_what_would_be_shown(tmp_path: Path) -> None:
    run = CliRunner().invoke
    write(tmp_path, a_page(signed=False))
    unsigned = run(relay, ["rights", "check", str(tmp_path), "--json"])
    (line,) = json.loads(unsigned.stdout)
    assert (unsigned.exit_code, line["standing"], line["digest"]) == (0, "unsigned", a_page().digest)
    write(tmp_path, a_page())
    expired = run(relay, ["rights", "check", str(tmp_path)])
    assert (expired.exit_code, "expired until 2022-05-15" in expired.stdout) == (1, True)
    (tmp_path / "page.md").write_text("no head")
    assert run(relay, ["rights", "check", str(tmp_path)]).exit_code == 1
    (tmp_path / "page.md").unlink()
    assert run(relay, ["rights", "check", str(tmp_path)]).exit_code == 2


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_unsigned_pages_give_no_word_of_their_own(rig: Rig, language: str) -> None:
    status, listing = await rig.page(f"/rights?lang={language}")
    assert status == 200
    for jurisdiction in JURISDICTIONS:
        for setting in SETTINGS:
            path = f"/rights/{jurisdiction}/{setting}?lang={language}"
            assert path in listing
            status, text = await rig.page(path)
            assert status == 200
            assert 'class="notice"' in text
            assert 'class="reviewed"' not in text
            assert "https://righttoremain.org.uk/toolkit/" in text


async def test_a_page_that_is_not_there_says_so(rig: Rig) -> None:
    assert (await rig.page("/rights/mars/home"))[0] == 404
    assert (await rig.page("/rights/scotland/..%2f..%2fetc"))[0] == 404


async def test_a_signed_page_is_shown_until_it_expires(tmp_path: Path) -> None:
    folder = tmp_path / "rights"
    write(folder, a_page(text="Words. <script>alert(1)</script> ![x](https://x.example/) [a](javascript:b)"))
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_rights_folder=folder) as rig:
        _, text = await rig.page("/rights/scotland/home")
        assert "Words." in text
        assert "Reviewed by A. Solicitor on 13/05/2022, valid until 15/05/2022." in text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert 'href="javascript' not in text
        _, polish = await rig.page("/rights/scotland/home?lang=pl")
        assert 'class="reviewed" lang="en"' in polish
        rig.clock.forward(days=1)
        _, text = await rig.page("/rights/scotland/home")
        assert "Words." not in text
        assert "https://advice.example.org/" in text


def test_markdown_is_only_text_and_links_by_https() -> None:
    html = to_html("## Head\n\n- one\n\n[a](https://a.example/) [b](http://b.example/) <b onclick=x>no</b>")
    assert '<a href="https://a.example/">a</a>' in html
    assert "http://b.example/)" in html
    assert "<b onclick" not in html
