"""English names spelt by ear in another script: their consonants, and where they may stand for a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.decide.clues import Hints
from services.router.decide.locate import locate
from services.router.decide.mentions import find_mentions
from shared.contracts.reports import ReportContent
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from shared.gazetteer.skeleton import skeleton
from shared.text import tokens


@pytest.mark.parametrize(
    ("spelt", "english"),
    [
        ("ديوك ستريت", "duke street"),
        ("تشيتم هيل", "cheetham hill"),
        ("وايتشابل", "whitechapel"),
        ("كنگ اسٹريٹ", "king street"),
        ("والتهم اسٹو", "walthamstow"),
        ("رپل روڈ", "ripple road"),
        ("স্ট্র্যাটফোর্ড রোড", "stratford road"),
        ("ক্র্যানব্রুক রোড", "cranbrook road"),
        ("ওয়াটনি মার্কেট", "watney market"),
        ("লেভেনশুলম", "levenshulme"),
        ("किंग्सलैंड रोड", "kingsland road"),
        ("ਗਰੀਨ ਸਟਰੀਟ", "green street"),
        ("ስትራትፎርድ", "stratford"),
        ("Кінгсленд Роуд", "kingsland road"),
    ],
)
def test_one_name_has_one_skeleton_in_every_script(spelt: str, english: str) -> None:
    assert skeleton(" ".join(tokens(spelt))) == skeleton(english)


def test_other_names_have_others() -> None:
    names = ["ripple road", "stratford road", "green street", "green lane", "west ham", "east ham"]
    assert len({skeleton(name) for name in names}) == len(names)


@given(st.text(max_size=60))
def test_any_words_have_a_skeleton_of_consonants(words: str) -> None:
    found = skeleton(words)
    assert found == found.upper()
    assert not set(found) & set("AEIOU ")


@pytest.fixture(scope="module")
def roads() -> SqliteGazetteer:
    """Two roads of one sound, one by another, an area, and a road that is named after an area."""
    return gazetteer_of(
        Rows(
            names=[
                NamedPlace("Ripple Road", "street", 51.53, 0.10, 100, area="Barking"),
                NamedPlace("Rapple Road", "street", 51.33, 0.10, 100, area="Elsewhere"),
                NamedPlace("Duke Street", "street", 55.85, -4.21, 100, area="Glasgow"),
                NamedPlace("Seven Sisters", "area", 51.583, -0.07, 900),
                NamedPlace("Seven Sisters Road", "street", 51.56, -0.11, 200, area="Holloway"),
                NamedPlace("Barking Road", "street", 51.525, 0.03, 300, area="Plaistow"),
                NamedPlace("West Green", "area", 51.585, -0.09, 900),
            ]
        )
    )


@pytest.mark.parametrize(
    ("text", "languages", "name"),
    [
        ("مداهمة هجرة في ديوك ستريت الآن", ("ar", "en"), "Duke Street"),
        ("রিপল রোডে ইমিগ্রেশন ঢুকছে", ("bn", "en"), "Ripple Road"),
        ("七姐妹路的美甲店被移民局查了", ("zh", "en"), "Seven Sisters Road"),
        ("七姐妹有移民局", ("zh", "en"), "Seven Sisters"),
        ("বার্কিং রোডে ইমিগ্রেশন", ("bn", "en"), "Barking Road"),
    ],
)
def test_a_name_spelt_by_ear_is_found(
    roads: SqliteGazetteer, text: str, languages: tuple[str, ...], name: str
) -> None:
    assert find_mentions(text, languages, roads).names[0].name == name


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("আল্লাহ সবাইকে হেফাজত করুন", ("bn", "en")),
        ("أخذوا صاحب المحل والناس كلها تصيح", ("ar", "en")),
        ("ধন্যবাদ সবাইকে", ("bn", "en")),
    ],
    ids=["sounds like West Green", "the shop's owner was taken", "thanks"],
)
def test_everyday_words_are_no_names(roads: SqliteGazetteer, text: str, languages: tuple[str, ...]) -> None:
    assert not find_mentions(text, languages, roads).names


def test_a_name_that_only_sounds_like_one_waits_for_another_clue(roads: SqliteGazetteer) -> None:
    content = ReportContent(text="مداهمة هجرة في ديوك ستريت الآن")
    nowhere, ours = Hints(covered=lambda *_: False), Hints(covered=lambda lat, _: lat > 55)
    assert locate(content, roads, nowhere).place is None
    place = locate(content, roads, ours).place
    assert place is not None
    assert place.label.startswith("Duke Street")


def test_the_gazetteer_answers_whatever_it_is_asked(roads: SqliteGazetteer) -> None:
    assert {place.name for _, place in roads.sounding("ريبل رود")} == {"Ripple Road", "Rapple Road"}
    assert roads.sounding("") == roads.sounding("رود") == roads.sounding("\ud800") == ()
