"""Refusals of input: plain sentences that name the field and never say what was sent."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from shared.plain_errors import sentences


class Inside(BaseModel):
    n: int = 0


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lat: Annotated[float, Field(ge=-90, le=90)] = 0
    text: Annotated[str, Field(min_length=1, max_length=5)] = "x"
    code: Annotated[str, Field(pattern="^[a-z]+$")] = "x"
    kind: Literal["a", "b"] = "a"
    on: Annotated[bool, Strict()] = True
    at: AwareDatetime | None = None
    inside: Inside = Inside()
    many: Annotated[tuple[int, ...], Field(max_length=2)] = ()
    when: datetime | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Sent":
        if self.text == "bad":
            raise ValueError("text may not be so; write another.")
        return self


class Needed(BaseModel):
    text: str


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"lat": "SECRET"}, "lat must be a number"),
        ({"lat": 200}, "lat is too large; 90 at most"),
        ({"text": "SECRET"}, "text is too long; 5 characters at most"),
        ({"text": ""}, "text is too short; 1 characters at least"),
        ({"text": 1}, "text must be a text"),
        ({"text": "bad"}, "text may not be so; write another"),
        ({"code": "SECRET"}, "code is not written as it must be; look it up in the API's description"),
        ({"kind": "SECRET"}, "kind must be one of 'a' or 'b'"),
        ({"on": "SECRET"}, "on must be true or false"),
        ({"at": "SECRET"}, "at must be a time such as 2027-05-14T18:40:00Z"),
        ({"at": "2027-05-14T18:40:00"}, "at must be a time with its zone, such as 2027-05-14T18:40:00Z"),
        ({"inside": {"n": "SECRET"}}, "inside.n must be a whole number"),
        ({"inside": 3}, "inside must be an object"),
        ({"many": [1, 2, 3]}, "many has too many entries; 2 at most"),
        ({"many": 3}, "many must be a list"),
        ({"lng": "SECRET"}, "lng is not known here; remove it or mend its spelling"),
        ({"lat": 200, "kind": "c"}, "lat is too large; 90 at most; kind must be one of 'a' or 'b'"),
    ],
)
def test_each_mistake_is_a_plain_sentence(sent: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Sent.model_validate(sent)
    assert sentences(wrong.value) == sentence


def test_what_is_missing_is_named_and_no_more_than_five_are() -> None:
    with pytest.raises(ValidationError) as wrong:
        Needed.model_validate({})
    assert sentences(wrong.value) == "text is missing; add it"
    with pytest.raises(ValidationError) as many:
        Sent.model_validate({f"x{n}": n for n in range(9)})
    assert sentences(many.value).count(";") == 5 + 4


def test_what_is_no_json_says_so() -> None:
    with pytest.raises(ValidationError) as wrong:
        Sent.model_validate_json("{")
    assert sentences(wrong.value) == "it is not JSON; send an object"
