"""Plus codes in reports: whole, or short with a locality; and what only looks like one."""

import pytest

from services.router.decide.clues import Hints
from services.router.decide.codes import find_codes
from services.router.decide.locate import locate
from shared.contracts.base import Position
from shared.contracts.reports import ReportContent
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.plus_code import full, nearest

HERE = Hints(lambda _lat, _lon: False)


@pytest.mark.parametrize(
    ("before", "after", "lat", "lon", "radius_m"),
    [
        # As Google's own library decodes them (openlocationcode 1.0.1).
        ("9C3XGWVG", "2Q", 51.5425625, -0.0730625, 8.2),
        ("9C3XGWVG", "2QM", 51.5425875, -0.0730781, 1.8),
        ("9C3XGWVG", "", 51.54375, -0.07375, 163.8),
        ("9c7qrppg", "pq", 55.8368125, -4.2730625, 7.97),
        ("9F32G2CX", "FX", 51.5211875, 0.0499375, 8.2),
    ],
)
def test_a_whole_code_is_a_square(before: str, after: str, lat: float, lon: float, radius_m: float) -> None:
    square = full(before, after)
    assert square is not None
    assert (square.lat, square.lon) == pytest.approx((lat, lon), abs=1e-7)
    assert square.radius_m == pytest.approx(radius_m, abs=0.2)


@pytest.mark.parametrize(
    ("before", "after", "near", "lat", "lon"),
    [
        ("GWWG", "R3", (51.5074, -0.1278), 51.5470625, -0.0748125),
        ("GWWG", "R3", (51.547, -0.075), 51.5470625, -0.0748125),
        ("QPPG", "QQ", (55.861, -4.25), 55.7869375, -4.2730625),
        # Across the meridian of Greenwich the nearest square has another prefix.
        ("G2CX", "FX", (51.5074, -0.1278), 51.5211875, 0.0499375),
        ("GXCX", "FW", (51.52, 0.2), 51.5211875, -0.0001875),
    ],
)
def test_a_short_code_is_the_nearest_square(
    before: str, after: str, near: tuple[float, float], lat: float, lon: float
) -> None:
    square = nearest(before, after, *near)
    assert (square.lat, square.lon) == pytest.approx((lat, lon), abs=1e-7)


DALSTON = (51.54706, -0.07481)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("immigration raid at 9C3XGWWG+R3", DALSTON),
        ("raid 9c3xgwwg+r3 now", DALSTON),
        ("https://plus.codes/9C3XGWWG%2BR3 raid", DALSTON),
        ("raid, GWWG+R3 London, UK", DALSTON),
        ("raid GWWG+R3, Dalston", DALSTON),
        ("immigration at GWWG+R3 in Stoke Newington!", DALSTON),
        ("they are in Dalston GWWG+R3 now", DALSTON),
        ("raid RPRG+QQ Glasgow", (55.84194, -4.27306)),
        # Without a locality a short code is a place in every city.
        ("raid GWWG+R3 now", None),
        ("raid GWWG+R3 Narnia", None),
        # What no square is, and what only looks like a code.
        ("raid XX3XGWWG+R3", None),
        ("immigration raid beside the A+E in London", None),
        ("A&E+GP Dalston", None),
        ("2345+67 people in London", None),
        ("234567+89 people in London", None),
        ("C++ meetup London", None),
        ("call 07700 900123+22 London", None),
        ("GWWG+ London", None),
        ("GWWG+R London", None),
        ("GWWG+R3GWWG+R3 London", None),
        ("HGV+VW Golf outside, Dalston", None),
        ("WMCG+CC1 Dalston", None),
    ],
)
def test_codes_in_words(gazetteer: SqliteGazetteer, text: str, found: tuple[float, float] | None) -> None:
    point = find_codes(text, gazetteer).point
    assert point == (found and pytest.approx(found, abs=2e-5))


def test_a_code_says_how_exact_it_is_and_beats_the_phone(gazetteer: SqliteGazetteer) -> None:
    phone = Position(lat=51.48, lon=-0.1, accuracy_m=10)
    for text, radius_m in (("raid 9C3XGWWG+R3", 30), ("raid 9C3XGWWG+", 164)):
        place = locate(ReportContent(text=text, position=phone), gazetteer, HERE).place
        assert place is not None
        assert (place.how, place.radius_m, place.outcode) == ("coordinates", radius_m, "E8")


def test_a_code_hides_no_district_and_is_none(gazetteer: SqliteGazetteer) -> None:
    codes = find_codes("raid GWWG+W2, Dalston E8", gazetteer)
    assert codes.outcodes == ("E8",)
    assert codes.point is not None


def test_a_code_in_the_postcode_field(gazetteer: SqliteGazetteer) -> None:
    place = locate(ReportContent(text="immigration raid", postcode="9C3XGWWG+R3"), gazetteer, HERE).place
    assert place is not None
    assert (place.lat, place.lon) == pytest.approx(DALSTON, abs=2e-5)
