"""Who a provider knows us as: that is what a breaker and a rate belong to."""

from typing import Any

import pytest

from services.notifier.decide.lanes import Account
from services.notifier.decide.pseudo import Kin
from services.notifier.delivery import Delivery
from shared.contracts.alerts import QuestionBody
from shared.contracts.base import BridgeId
from shared.contracts.groups import ChannelDefinition
from tests.integration.notifier_rig import an_alert


def asked_by(bridge: str) -> QuestionBody:
    return QuestionBody(bridge=BridgeId(bridge), address="a", language="en", asks="where")


@pytest.mark.parametrize(
    ("channel", "question", "account"),
    [
        ("texts", None, Account("hackney", "texts")),  # the group's own
        (Kin("join", "en", "witness").id, None, Account("", "join")),  # one bridge for all groups
        (Kin("join", "pl", "information").id, None, Account("", "join")),  # whatever the language and choice
        ("join", asked_by("join"), Account("", "join")),  # the same for whoever reported by it
        (Kin("email", "en", "witness").id, None, Account("", "form-smtp")),  # the operator's mailbox
        (
            "web",
            asked_by("web"),
            Account("", "form-smtp"),
        ),  # the same for whoever left an address on the form
    ],
)
def test_the_account_by_which_a_recipient_is_sent_to(channel: str, question: Any, account: Account) -> None:
    definition = ChannelDefinition.model_construct(id=channel, kind="smtp", audience="community")
    delivery = Delivery(channels={channel: definition}, question=question)
    lane = delivery.lane(an_alert(), f"{channel}:0")
    assert (lane.account, lane.kind, lane.group, lane.urgent) == (account, "smtp", "hackney", True)


def test_each_provider_behind_one_channel_is_an_account_of_its_own() -> None:
    definition = ChannelDefinition.model_construct(id="push", kind="webpush", audience="community")
    delivery = Delivery(channels={"push": definition}, providers={"push:1": "push.example"})
    accounts = [delivery.account(an_alert(), f"push:{n}") for n in range(2)]
    assert accounts == [Account("hackney", "push"), Account("hackney", "push", "push.example")]


def test_a_persons_test_of_a_channel_waits_for_no_provider() -> None:
    assert Delivery().lane(an_alert(kind="TEST", body=None), "texts:0").account is None
