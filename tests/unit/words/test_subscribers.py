"""What subscribers are answered: in thirteen languages, short, and nothing that gives anybody away."""

import re
from typing import get_args

import pytest

from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefinition
from shared.contracts.subscribers import Answer, Follow, FollowedArea
from shared.words.sms import sms_length
from shared.words.subscribers import ending, subscriber_answer, texts

ANSWERS = get_args(Answer)
LANGUAGES = sorted(texts())
AREA = FollowedArea(lat=51.5, lon=0, radius_m=1500, label="E8 3DL")
GROUPS = {GroupId("hackney"): GroupDefinition(id="hackney", name="Hackney Anti Raids")}
FORM = "https://ar.example/"


def said(answer: Answer, language: str, *follows: Follow) -> str:
    return subscriber_answer(answer, language, follows, GROUPS, code="482133", form=FORM)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("choice", ["witness", "information"])
def test_it_fits_two_sms(language: str, answer: Answer, choice: str) -> None:
    text = said(answer, language, Follow(group="hackney", area=AREA, choice=choice))
    length = sms_length(text)
    most = 2 if length.plain else 3
    assert length.segments <= most, f"{length}: {text}"
    assert not re.search(r"[{}]", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", ["confirm", "nobody"])
@pytest.mark.parametrize("choice", ["witness", "information"])
def test_so_does_what_goes_to_somebody_on_the_list(language: str, answer: Answer, choice: str) -> None:
    here = Follow(group="hackney", area=AREA)
    asked = here.model_copy(update={"choice": choice})
    text = subscriber_answer(answer, language, [asked], GROUPS, already=[here], code="482133")
    length = sms_length(text)
    assert length.segments <= (2 if length.plain else 3), f"{length}: {text}"


def test_nobody_on_the_list_is_told_that_they_are_not() -> None:
    here = Follow(group="hackney", area=AREA)

    def told(answer: Answer, follow: Follow) -> str:
        return subscriber_answer(answer, "en", [follow], GROUPS, already=[here], code="482133")

    assert told("nobody", here).endswith("You still get messages for E8 3DL.")
    witness = told("confirm", here.model_copy(update={"choice": "witness"}))
    assert "to be asked to witness (E8 3DL)" in witness
    more = told("confirm", Follow(group="hackney"))
    assert "messages for all of Hackney Anti Raids as well" in more
    assert all("all stays as it is" in text and "482133" in text for text in (witness, more))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_all_of_it_with_the_same_places(language: str) -> None:
    for key, english in texts()["en"].items():
        mine = texts()[language][key]
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", mine) or sorted(
            re.findall(r"{\w+}", english)
        ) == sorted(re.findall(r"{\w+}", mine)), key
    assert set(texts()[language]) == set(texts()["en"])


def test_what_goes_to_an_unconfirmed_contact_says_who_what_and_the_code() -> None:
    text = said("confirm", "en", Follow(group="hackney", area=AREA))
    assert text.startswith("Hackney Anti Raids: ")
    assert "E8 3DL" in text
    assert "482133" in text


def test_areas_are_named_newest_first_and_no_more_than_two() -> None:
    follows = [Follow(group="hackney", area=AREA.model_copy(update={"label": f"E{n}"})) for n in (1, 2, 3)]
    assert "E3, E2..." in said("joined", "en", *follows)
    assert "all of Hackney Anti Raids" in said("joined", "en", Follow(group="hackney"))


def test_names_that_others_chose_arrive_harmless() -> None:
    groups = {GroupId("x"): GroupDefinition(id="x", name="\u202eraid\u202c{code}\n=1+1")}
    text = subscriber_answer("confirm", "en", [Follow(group="x")], groups, code="1")
    assert "\u202e" not in text
    assert "\n" not in text


def test_a_language_that_nobody_wrote_is_english_and_a_link_comes_before_the_word() -> None:
    assert said("left", "xx") == said("left", "en")
    assert ending("en") == "STOP to leave."
    assert "https://ar.example/leave/x" in ending("es", "https://ar.example/leave/x")
