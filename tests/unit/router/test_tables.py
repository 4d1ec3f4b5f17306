"""Tables: where a report is, which groups it concerns, who may do what."""

from typing import Any

import pytest

from services.router.decide import reasons
from services.router.decide.clues import Hints
from services.router.decide.geo import cells_asked, cells_of
from services.router.decide.ids import code, incident_id
from services.router.decide.likeness import gap_m
from services.router.decide.locate import locate
from services.router.decide.permissions import refusal
from services.router.decide.text import alike, sketch
from services.router.decide.understand import understand
from shared.contracts import aftercare, dead, desk, drills, duty, members, wording
from shared.contracts.base import HUB, Place, Position
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from shared.geo import distance_m
from shared.permissions import ALLOWED
from shared.text import tokens

NOWHERE = Hints(covered=lambda _lat, _lon: False)
EVERYWHERE = Hints(covered=lambda _lat, _lon: True)


@pytest.mark.parametrize(
    ("text", "how", "label"),
    [
        ("RAID KINGSLAND RD/ASHWIN ST JUNCTION", "junction", "Kingsland Road / Ashwin Street, Dalston"),
        (
            "corner of ashwin st and kingsland high street",
            "junction",
            "Ashwin Street / Kingsland High Street",
        ),
        ("Evan Cook Close in Peckham", "street", "Evan Cook Close, Peckham"),
        ("outside Queens Rd Peckham stn", "landmark", "Queen's Road Peckham Station, Peckham"),
        ("kenmure st pollokshields", "street", "Kenmure Street, Pollokshields"),
        ("van at 51.5470, -0.0748", "coordinates", "near 51.5470, -0.0748, E8"),
        ("https://maps.example/@51.54701,-0.07482,17z", "coordinates", "near 51.5470, -0.0748, E8"),
        ("somewhere in e8", "outcode", "E8"),
        ("raid in Hackney", "area", "Hackney"),
        ("in Dalston", "area", "Dalston, Hackney"),
        ("at E8 3DL", "outcode", "E8"),
    ],
)
def test_text_is_placed(gazetteer: SqliteGazetteer, text: str, how: str, label: str) -> None:
    place = locate(ReportContent(text=text), gazetteer, NOWHERE).place
    assert place is not None
    assert place.how == how
    assert place.label.startswith(label)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("they are here", "no_place"),
        ("wait for me mate, gr8 to see you m8", "no_place"),
        ("stop, see, hand, watch, green street", "found"),
        ("see you at the bank", "no_place"),
    ],
)
def test_words_that_are_no_place_stay_words(gazetteer: SqliteGazetteer, text: str, reason: str) -> None:
    assert locate(ReportContent(text=text), gazetteer, NOWHERE).reason == reason


def _park_roads() -> SqliteGazetteer:
    def road(lat: float, lon: float, area: str) -> NamedPlace:
        return NamedPlace("Park Road", "street", lat, lon, 150, area=area)

    def area(name: str, lat: float, lon: float) -> NamedPlace:
        return NamedPlace(name, "area", lat, lon, 1_000)

    names = [road(51.60, -0.10, "North"), road(51.40, -0.10, "South"), area("Northtown", 51.601, -0.1)]
    return gazetteer_of(Rows(names=names))


@pytest.mark.parametrize(
    ("text", "phone", "hints", "lat"),
    [
        ("raid in park road", None, NOWHERE, None),
        ("raid in park road Northtown", None, NOWHERE, 51.60),
        ("raid in park road", Position(lat=51.41, lon=-0.1, accuracy_m=50), NOWHERE, 51.40),
        ("raid in park road", None, Hints(covered=lambda lat, _: lat < 51.5), 51.40),
        (
            "raid in park road",
            None,
            Hints(
                covered=lambda _a, _b: False,
                thread=Place(lat=51.6, lon=-0.11, radius_m=100, how="street", label="x"),
            ),
            51.60,
        ),
    ],
    ids=[
        "stays ambiguous",
        "by the area named",
        "by the phone",
        "by whose area it is",
        "by the sender's thread",
    ],
)
def test_an_ambiguous_street_is_settled_by_what_else_is_known(
    text: str, phone: Position | None, hints: Hints, lat: float | None
) -> None:
    located = locate(ReportContent(text=text, position=phone), _park_roads(), hints)
    if lat is None:
        assert (located.place, located.reason) == (None, "ambiguous_place")
    else:
        assert located.place is not None
        assert located.place.lat == pytest.approx(lat, abs=0.02)


@pytest.mark.parametrize(
    ("text", "phone", "expected"),
    [
        ("raid Ashwin Street", (55.86, -4.25, 20), (51.547, -0.0748)),
        ("raid Ashwin Street Dalston", (52.455, -1.86, 20), (51.547, -0.0748)),
        ("raid Ashwin Street", (52.455, -1.86, 20), (52.455, -1.86)),
        ("raid Ashwin Street", (51.5473, -0.0751, 20), (51.5473, -0.0751)),
        ("raid here", (51.5, -0.1, 20), (51.5, -0.1)),
        ("raid in Dalston", (51.5485, -0.0760, 40), (51.5485, -0.0760)),
        ("raid in Dalston", (51.4, -0.0760, 40), (51.547, -0.075)),
    ],
    ids=[
        "words beat a distant phone",
        "words with a town beat one in another city",
        "a phone in a city whose streets are not listed beats a street alone",
        "the phone refines",
        "phone alone",
        "phone in the area",
        "phone elsewhere",
    ],
)
def test_words_and_phone(
    gazetteer: SqliteGazetteer, text: str, phone: tuple[float, float, float], expected: tuple[float, float]
) -> None:
    lat, lon, accuracy = phone
    content = ReportContent(text=text, position=Position(lat=lat, lon=lon, accuracy_m=accuracy))
    place = locate(content, gazetteer, NOWHERE).place
    assert place is not None
    assert (place.lat, place.lon) == pytest.approx(expected, abs=1e-4)


def _spot(lat: float, radius: float, label: str) -> Place:
    return Place(lat=lat, lon=-0.07, radius_m=radius, how="coordinates", label=label)


def _road(lat: float, radius: float, label: str) -> Place:
    return Place(lat=lat, lon=-0.07, radius_m=radius, how="street", label=label)


@pytest.mark.parametrize(
    ("one", "other", "one_event"),
    [
        (_spot(51.5470, 20, "near x"), _spot(51.5506, 20, "near y"), False),
        (_spot(51.5470, 20, "near x"), _spot(51.5478, 20, "near y"), True),
        (
            _road(51.5470, 90, "Ashwin Street"),
            _road(51.5489, 150, "Ridley Road"),
            False,
        ),
        (
            _road(51.5470, 90, "Long Road, A"),
            _road(51.5489, 150, "Long Road / B"),
            True,
        ),
        (
            _road(51.5470, 90, "Long Road, A"),
            _spot(51.5540, 30, "Long Road"),
            True,
        ),
        (
            _spot(51.5470, 30, "Long Road"),
            _spot(51.5500, 30, "Long Road"),
            False,
        ),
    ],
    ids=["400 m", "90 m", "two streets", "one street", "somewhere on it", "two spots on one street"],
)
def test_precise_places_are_one_within_their_uncertainties(one: Place, other: Place, one_event: bool) -> None:  # noqa: FBT001 - a table
    assert (gap_m(one, other) <= 0) is one_event
    assert gap_m(one, other) == pytest.approx(gap_m(other, one))


def _square(west: float, east: float) -> Area:
    return Area(polygons=((((west, 51.4), (east, 51.4), (east, 51.6), (west, 51.6), (west, 51.4)),),))


WEST = GroupDefinition(id="west", name="West", area=_square(-0.2, -0.1))
EAST = GroupDefinition(id="east", name="East", area=_square(-0.1, 0.0))
NAMED = GroupDefinition(id="named", name="Named", area=Area(outcodes=("E8",)))
FALLBACK = GroupDefinition(id="spare", name="Spare", fallback=True, area=_square(0.2, 0.3))


def _groups(*definitions: GroupDefinition) -> Any:
    from services.router.evaluate import state_with

    return state_with(definitions).groups


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place(lat=51.5, lon=-0.15, radius_m=80, how="street", label="a"), {"west": 1.0}),
        (Place(lat=51.5, lon=-0.1, radius_m=80, how="street", label="a"), {"west": 0.5, "east": 0.5}),
        (Place(lat=51.5, lon=-0.102, radius_m=80, how="street", label="a"), {"west": 1.0}),
        (
            Place(lat=51.5, lon=-0.05, radius_m=1_500, how="outcode", label="E8", outcode="E8"),
            {"east": 1, "named": 1},
        ),
        (
            Place(lat=51.5, lon=-0.05, radius_m=80, how="street", label="a", outcode="E8"),
            {"east": 1, "named": 1},
        ),
        (Place(lat=51.5, lon=0.1, radius_m=80, how="street", label="a"), {"spare": 0.0}),
        (Place(lat=55.8, lon=-4.2, radius_m=80, how="street", label="a"), {}),
    ],
    ids=[
        "inside",
        "both sides of a border",
        "near it",
        "district",
        "named without polygons",
        "fallback",
        "nobody",
    ],
)
def test_groups_concerned(gazetteer: SqliteGazetteer, place: Place, expected: dict[str, float]) -> None:
    from services.router.decide.route import concerned

    found = concerned(place, _groups(WEST, EAST, NAMED, FALLBACK), gazetteer)
    assert {s.group: s.share for s in found} == pytest.approx(expected, abs=0.02)


def test_a_district_concerns_who_holds_a_tenth_of_its_addresses() -> None:
    from services.router.decide.route import concerned

    spread = {f"E8 {n}AA": (51.5, -0.15 if n < 3 else -0.05) for n in range(10)}
    thin = {f"E8 {n}BB": (51.5, -0.05) for n in range(90)}
    place = Place(lat=51.5, lon=-0.05, radius_m=8_000, how="outcode", label="E8", outcode="E8")
    some = concerned(place, _groups(WEST, EAST), gazetteer_of(Rows(postcodes=dict(spread))))
    few = concerned(place, _groups(WEST, EAST), gazetteer_of(Rows(postcodes={**spread, **thin})))
    assert {s.group for s in some} == {"west", "east"}
    assert {s.group for s in few} == {"east"}


COMMANDS: dict[str, Any] = {
    "claim": desk.Claim,
    "release": desk.Release,
    "confirm": desk.Confirm,
    "reject": desk.Reject,
    "place": desk.PutPlace,
    "merge": desk.Merge,
    "split": desk.Split,
    "update": desk.Update,
    "end": desk.End,
    "release_report": desk.ReleaseReport,
    "reopen": desk.Reopen,
    "attend": desk.Attend,
    "seen": desk.Seen,
    "note": desk.Note,
    "send_on": desk.SendOn,
    "hand_over": desk.HandOver,
    "escalate": desk.Escalate,
    "ask": desk.AskReporter,
    "mute": desk.Mute,
    "unmute": desk.Unmute,
    "flood": desk.Flood,
    "account": aftercare.Account,
    "post": aftercare.OpenPost,
    "post_withdraw": aftercare.WithdrawPost,
    "post_join": aftercare.JoinPost,
    "post_leave": aftercare.LeavePost,
    "post_check_in": aftercare.CheckIn,
    "shift_offer": duty.OfferShift,
    "shift_withdraw": duty.WithdrawShift,
    "shift_take": duty.TakeShift,
    "shift_give_up": duty.GiveUpShift,
    "shift_note": duty.NoteShift,
    "drill_begin": drills.BeginDrill,
    "drill_end": drills.EndDrill,
    "define_group": desk.DefineGroup,
    "add_member": desk.AddMember,
    "revoke_member": desk.RevokeMember,
    "kill_switch": desk.KillSwitch,
    "test_channel": desk.TestChannel,
    "invite_member": members.InviteMember,
    "propose_words": wording.ProposeWords,
    "review_words": wording.ReviewWords,
    "withdraw_words": wording.WithdrawWords,
    "dead_retry": dead.RetryDead,
    "dead_discard": dead.DiscardDead,
}
VERIFIER = {
    "claim", "release", "attend", "seen", "note", "hand_over", "ask",
    "post_join", "post_leave", "post_check_in", "shift_take", "shift_give_up", "shift_note",
}  # fmt: skip
DISPATCHER = VERIFIER | {
    "confirm", "reject", "place", "merge", "split", "update", "end", "release_report",
    "reopen", "escalate", "send_on", "mute", "unmute", "flood",
    "account", "post", "post_withdraw", "shift_offer", "shift_withdraw", "drill_begin", "drill_end",
    "review_words", "withdraw_words",
}  # fmt: skip
RUNNING = {"define_group", "add_member", "revoke_member", "kill_switch", "invite_member", "test_channel"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("verifier", VERIFIER),
        ("dispatcher", DISPATCHER),
        ("admin", DISPATCHER | RUNNING | {"propose_words"}),
        ("operator", RUNNING | {"dead_retry", "dead_discard"}),
    ],
)
def test_the_table_of_roles(role: Any, may: set[str], command: str) -> None:
    assert (COMMANDS[command] in ALLOWED[role]) == (command in may)


def test_every_command_is_in_the_table() -> None:
    every = {model for allowed in ALLOWED.values() for model in allowed}
    assert every == set(COMMANDS.values())


def _add(member: str, group: str, roles: dict[str, str], new: str = "m9") -> dict[str, Any]:
    return {"member": member, "group": group, "new_member": new, "roles": roles, "token_sha256": "0" * 64}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (_add("bootstrap", "hub", {"hub": "operator"}), reasons.OPERATOR_EXISTS),
        (_add("nobody", "hackney", {"hackney": "verifier"}), reasons.NOT_A_MEMBER),
        (_add("d-hackney", "hackney", {"hackney": "verifier"}), reasons.ROLE_TOO_LOW),
        (_add("d-hackney", "southwark", {"southwark": "verifier"}), reasons.NOT_YOUR_GROUP),
        (_add("admin", "hackney", {"hackney": "dispatcher"}), None),
        (_add("admin", "hackney", {"southwark": "dispatcher"}), reasons.NOT_YOUR_GROUP),
        (_add("admin", "hackney", {"hackney": "operator"}), reasons.ROLE_TOO_LOW),
        (_add("admin", "hackney", {"hackney": "verifier"}, new="d-southwark"), reasons.NOT_YOUR_GROUP),
        (_add("op", "southwark", {"southwark": "admin"}), None),
    ],
)
def test_who_may_add_members(story: Any, fields: dict[str, Any], reason: str | None) -> None:
    story.command(desk.AddMember, **_add("op", "hackney", {"hackney": "admin"}, new="admin"))
    command = desk.AddMember(id="x", at=story.now, **fields)
    assert refusal(story.state, command) == reason


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [
        (desk.Confirm, {"member": "d-southwark", "group": "southwark"}, reasons.NOT_YOUR_INCIDENT),
        (desk.Confirm, {"member": "op", "group": "hub"}, reasons.ROLE_TOO_LOW),
        (desk.Confirm, {"incident_id": "iunknown"}, reasons.UNKNOWN_INCIDENT),
        (desk.Confirm, {"version": 7}, reasons.MOVED_ON),
        (desk.Release, {}, reasons.NOT_CLAIMED),
        (desk.Merge, {"absorbed": "iunknown"}, reasons.UNKNOWN_INCIDENT),
        (desk.Split, {"reports": ("r1",)}, reasons.NOTHING_WOULD_REMAIN),
        (desk.Split, {"reports": ("r9",)}, reasons.UNKNOWN_REPORT),
        (desk.PutPlace, {}, reasons.PLACE_NEEDED),
    ],
)
def test_refused_commands_change_nothing(story: Any, model: Any, fields: dict[str, Any], reason: str) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a")
    before = story.state.incidents
    answer = story.command(model, **{"incident_id": opened.incident_id, **fields})
    assert (answer.outcome, answer.reason) == ("refused", reason)
    assert story.state.incidents == before
    assert story.alerts() == []


def test_the_version_a_person_saw_is_the_one_they_decide_about(story: Any) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a")
    story.report("immigration van on ashwin street", sender="b")
    seen = story.state.incidents[opened.incident_id].version
    assert seen == 1
    assert story.command(desk.Confirm, incident_id=opened.incident_id, version=seen).outcome == "applied"
    again = story.command(desk.Reject, incident_id=opened.incident_id, version=seen)
    assert again.reason == reasons.MOVED_ON


def test_an_operator_may_redefine_a_group_and_the_same_again_changes_nothing(story: Any) -> None:
    definition = story.state.groups["hackney"].definition
    same = story.command(desk.DefineGroup, member="op", group=HUB, definition=definition)
    assert (same.outcome, same.reason) == ("applied", reasons.UNCHANGED)
    newer = definition.model_copy(update={"name": "Hackney Anti Raids"})
    story.command(desk.DefineGroup, member="op", group=HUB, definition=newer)
    assert story.state.groups["hackney"].version == 2


def test_codes_are_short_distinct_and_sayable() -> None:
    found = {code(incident_id(f"r{n}"), 0) for n in range(500)}
    assert len(found) > 400
    assert all(len(c) == 3 and c[0].isalpha() and c[1].isdigit() and c[2].isalpha() for c in found)
    assert not {"I", "O", "0", "1"} & set("".join(found))
    assert len(code(incident_id("r1"), 9)) == 5


def test_distances_and_cells() -> None:
    assert distance_m(51.5, -0.1, 51.51, -0.1) == pytest.approx(1_112, rel=0.01)
    assert len(cells_of(89.999, 179.9, 100_000)) < 2_000


@pytest.mark.parametrize("reach", [30, 900, 4_000, 6_000, 40_000])
@pytest.mark.parametrize("asked", [30, 900, 4_000, 6_000, 40_000])
@pytest.mark.parametrize("part", [0.1, 0.7, 0.97])
def test_discs_that_meet_are_found_by_their_cells(reach: float, asked: float, part: float) -> None:
    apart = part * (reach + asked) / 111_195
    for lat, lon in ((51.5 + apart, -0.1), (51.5 - apart, -0.1), (51.5, -0.1 + apart / 0.63)):
        assert set(cells_of(51.5, -0.1, reach)) & set(cells_asked(lat, lon, asked))


def test_words_are_folded_and_near_copies_are_alike() -> None:
    assert tokens("They've LEFT, Ashwin St! 移民局") == ("theyve", "left", "ashwin", "st", "移", "民", "局")
    text = "two vans and six officers outside the shop on Ashwin Street, please come"
    assert alike(sketch(text), sketch("RT: " + text.upper() + " 😡"))
    assert not alike(sketch(text), sketch("a man was taken from the kitchen of the restaurant in Rye Lane"))
    assert sketch("help") == ()


@pytest.mark.parametrize(
    ("text", "kind", "first_hand"),
    [
        ("I can see two home office vans on my street", "report", True),
        ("my friend says there is an immigration raid", "report", False),
        ("immigration raid now. can anyone come?", "report", None),
        ("anyone know if the immigration raid is true?", "question", None),
        ("¿hay redada en Peckham?", "question", None),
        ("هل هناك مداهمة؟", "question", None),
        ("that was not immigration, false alarm", "wrong", None),
        ("se han ido", "over", None),
        ("HELP", "help", None),
        ("drugs raid on the high street", "other_police", None),
    ],
)
def test_what_a_message_is(text: str, kind: str, first_hand: object) -> None:
    found = understand(text)
    assert (found.kind, found.first_hand) == (kind, first_hand)


@pytest.mark.parametrize(
    ("phone", "hints", "found"),
    [
        (None, NOWHERE, None),
        (None, EVERYWHERE, None),
        (Position(lat=51.405, lon=-0.1, accuracy_m=50), EVERYWHERE, 51.405),
    ],
    ids=["in nobody's area", "in some group's", "beside a phone"],
)
def test_a_street_said_to_be_in_a_far_village_is_not_taken_for_its_namesake(
    phone: Position | None, hints: Hints, found: float | None
) -> None:
    street = NamedPlace("Zed Close", "street", 51.40, -0.1, 900, area="South")
    village = NamedPlace("Drums", "area", 57.3, -2.0, 1_000)
    gazetteer = gazetteer_of(Rows(names=[street, village]))
    content = ReportContent(text="Raid in Zed Close, singing in Drums", position=phone)
    place = locate(content, gazetteer, hints).place
    assert (place and place.lat) == (found and pytest.approx(found, abs=1e-3))
