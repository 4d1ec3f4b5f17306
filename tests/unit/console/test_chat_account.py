"""A member's chat accounts at the desk: a code once, shown to nobody else; what is bound; unbound at once."""

import hashlib
import json

from services.console.chat_account import new_code
from shared.contracts import desk
from shared.contracts.base import MemberId
from shared.contracts.catalog import decode
from shared.contracts.groups import (
    AccountBound,
    AccountOffer,
    AccountsUnbound,
    BoundAccount,
    MemberAdded,
    MemberRevoked,
)
from shared.words import join_code
from tests.rigs.console import Rig
from tests.unit.console.test_project import START, folded


async def test_a_member_is_shown_a_code_of_which_the_log_holds_a_sealed_hash(rig: Rig) -> None:
    await rig.group("hackney")
    ada = await rig.member("Ada", hackney="verifier")
    status, answer = await rig.ask("POST", "/v1/account/chat", ada)
    assert (status, answer["outcome"], answer["minutes"]) == (201, "applied", 15)
    code = answer["code"]
    assert join_code(code) == code
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    digest = hashlib.sha256(code.encode()).hexdigest()
    assert code.encode() not in entry.body
    assert digest.encode() not in entry.body
    command = await rig.keyring.open(decode(entry))
    assert isinstance(command, desk.OfferAccount)
    assert command.offer == AccountOffer(code_sha256=digest)


async def test_nobody_gets_a_code_without_a_token_and_each_gets_another(rig: Rig) -> None:
    assert (await rig.ask("POST", "/v1/account/chat"))[0] == 401
    assert (await rig.ask("DELETE", "/v1/account/chat", "relay_made_up"))[0] == 401
    await rig.group("hackney")
    ada = await rig.member("Ada", hackney="verifier")
    codes = {(await rig.ask("POST", "/v1/account/chat", ada))[1]["code"] for _ in range(3)}
    assert len(codes) == 3


async def test_what_is_bound_is_listed_by_bridge_and_unbound_at_once(rig: Rig) -> None:
    await rig.group("hackney")
    ada = await rig.member("Ada", hackney="verifier")
    assert (await rig.ask("GET", "/v1/account/chat", ada))[1] == {"accounts": []}
    status, answer = await rig.ask("DELETE", "/v1/account/chat", ada)
    assert (status, answer["outcome"]) == (200, "applied")
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    assert isinstance(decode(entry), desk.UnbindAccounts)


def test_every_code_reads_as_one() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(join_code(code) == code for code in codes)


def bound(member: str, account: str, bridge: str = "telegram", n: int = 0) -> AccountBound:
    return AccountBound(
        id=f"b{member}{account}{n}", at=START, member=MemberId(member),
        account=BoundAccount(account=account, bridge=bridge),
    )  # fmt: skip


def shown(documents: dict[str, object], member: str) -> list[str]:
    known = documents.get(f"chat:{member}") or {}
    assert isinstance(known, dict)
    return sorted((known.get("accounts") or {}).values())


def test_the_view_follows_whose_account_it_is() -> None:
    events = [bound("m1", "a"), bound("m1", "b", "sms"), bound("m1", "a", n=1)]
    assert shown(folded(*events), "m1") == ["sms", "telegram"]
    moved = folded(*events, bound("m2", "a"))
    assert (shown(moved, "m1"), shown(moved, "m2")) == (["sms"], ["telegram"])
    gone = folded(*events, AccountsUnbound(id="u", at=START, member=MemberId("m1")))
    assert shown(gone, "m1") == []
    added = MemberAdded(id="m", at=START, member=MemberId("m1"), roles={}, token_sha256="0" * 64)
    revoked = folded(added, *events, MemberRevoked(id="r", at=START, member=MemberId("m1")))
    assert shown(revoked, "m1") == []
    assert '"a"' not in json.dumps(moved), "the pseudonym itself is not in the view"
