"""Why somebody was not told, in the few ways that differ in what is to be done about it. Pure.

The ledger names a provider's reason exactly; a volunteer needs to know whether to ask for another number, to
have a channel mended, to send an update, or to let it be.
"""

from collections.abc import Mapping
from typing import Final

_OF: Final[Mapping[str, str]] = {
    reason: why
    for why, reasons in {
        "gone": "bad_number bad_address number_gone unknown_number no_mobile_number no_such_address barred "
        "not_routable unregistered not_on_whatsapp not_in_room subscription_gone http_404 http_410 "
        "cannot_be_reached",
        "left": "has_left blocked_by_recipient opted_out",
        "phone": "undelivered unreachable_phone phone_failed network_failure delivery_failed failed",
        "settings": "bad_credentials secret_missing bad_settings bad_sender country_not_enabled forbidden "
        "not_on_trial_list no_such_plugin no_such_setting channel_gone no_such_template template_needed "
        "template_refused template_differs template_paused untrusted_identity other_key too_long",
        "money": "no_credit daily_limit over_cap over_fallback_budget",
        "stood_in": "fell_back",
        "late": "expired",
        "ended": "superseded",
        "corrected": "corrected",
        "perhaps": "ambiguous_twice",
        "quiet": "quiet",
        "another_group": "another_group",
        "elsewhere": "elsewhere",
        "no_way": "cannot_write_back",
        "enough": "too_many_this_hour",
    }.items()
    for reason in reasons.split()
}
OTHER: Final = "other"
"""What only the provider's own name for it tells."""
SENTENCES: Final[Mapping[str, str]] = {
    "gone": "The number or address does not exist, or takes nothing. Ask them for another, or take it out.",
    "left": "They left, or blocked us. That is theirs to choose; nothing is to be done.",
    "phone": "The provider could not reach the phone. Reach them in another way.",
    "settings": "The provider does not take this from the channel. An admin of the group tests the channel; "
    "that says what to mend.",
    "money": "The account with the provider is empty, or a limit is reached. An admin of the group looks.",
    "late": "No time was left: it would have been old news. Give the latest as an update.",
    "ended": "It was over before their turn came. They heard the end instead.",
    "corrected": "It was corrected before their turn came. They heard that instead.",
    "perhaps": "It was tried twice, and nobody can say whether it arrived. It is not sent again: ask them.",
    "quiet": "They chose to be left alone at that hour.",
    "another_group": "Another group tells them of it.",
    "elsewhere": "They asked for another area.",
    "stood_in": "Another channel told them in its place.",
    "no_way": "They left no way to write back to them.",
    "enough": "They had as many answers within the hour as anybody gets.",
    OTHER: "The provider refused it. An admin of the group tests the channel.",
}
"""Each way in English, with what to do. The pages have it in every language, as `whynot_…`."""


def why_not(reason: str) -> str:
    """The way in which a reason of the ledger keeps a message from somebody."""
    if reason.startswith(("smtp_5", "dsn_5_1_", "dsn_5_2_")):
        return "gone"
    return _OF.get(reason, OTHER)


def why_lost(reason: str) -> str:
    """The same of what the provider took and could not deliver: what ran out there is the phone's time."""
    return "phone" if reason == "expired" else why_not(reason)
