"""Why a command was refused or did nothing, as a sentence. The names are the router's. Pure."""

from typing import Final

_SENTENCES: Final = {
    "unchanged": "It was so already; nothing was changed, and nobody was sent anything.",
    "unknown_command": "The relay does not know this command; update the program that sent it.",
    "not_a_member": "You are no member any more; ask an admin of your group.",
    "not_your_group": "You act for no such group; name one of yours.",
    "role_too_low": "Your role does not allow this; ask a dispatcher or an admin of your group.",
    "unknown_incident": "There is no such incident any more.",
    "not_your_incident": "This incident does not concern your group.",
    "incident_moved_on": "The incident has changed since you looked; look again, then decide.",
    "wrong_status": "That can't be done with an incident in this state; look at it again.",
    "claimed_by_another": "Somebody else is on it; speak with them, or wait until their claim ends.",
    "not_claimed_by_you": "You have no claim on it, so there is nothing to give up.",
    "place_needed": "Nobody knows where it is yet; give a place first.",
    "unknown_report": "There is no such report here; look at the list again.",
    "not_held": "This report waits no longer.",
    "same_incident": "These two are one incident already.",
    "merge_the_other_way": "Merge the other way round: the confirmed one takes in the other.",
    "nothing_would_remain": "Every report would leave; leave at least one, or reject the incident.",
    "too_many_reports": "That is too many reports at once; split them off in smaller parts.",
    "unknown_member": "There is no such member; look at the list again.",
    "reserved_name": "That id is reserved; choose another.",
    "already_told": "They have been told already.",
    "unknown_group": "There is no such group; look at the list of groups.",
    "nobody_to_ask": "Whoever sent this can't be asked: they left no way to reach them, or it is erased.",
    "asked_enough": "They were asked often enough within the hour; wait for their answer.",
    "nothing_to_mute": "This report has no sender, or too few words, to be known again by.",
    "not_muted": "That is muted no longer.",
    "group_moved_on": "Somebody else has changed the group since you looked; look again, then save.",
    "unknown_channel": "The group has no such channel (any more); look at the list again.",
    "words_moved_on": "These words have changed since you looked, or are gone; look again, then decide.",
    "words_reviewed": "Somebody else has reviewed these very words already; they are in use.",
    "words_are_draft": "This is a draft; whoever writes it has to propose it first.",
    "own_proposal": "You proposed these words, so somebody else has to review them.",
    "reader_needed": "Words in another language than English need a native reader or a lawyer who stands "
    "behind them.",
    "expiry_wrong": "A review holds from one day to a year; choose another last day.",
    "words_wrong": "These words do not fit their message (any more); look at what is wrong with them.",
    "nothing_said": "Nothing was said; write a few words, or give a number.",
    "offer_missing": "The command holds no code any more; ask for a new one.",
    "operator_exists": "There is an operator already; let them add you.",
    "last_operator": "They are the last operator of the hub; add another operator first.",
    "unknown_shift": "Your group has no such shift; look at `relay duty list` or the rota again.",
    "shift_full": "Everybody that this shift needs has taken it; take another one.",
    "not_on_it": "They are not on it; look at it again.",
    "wrong_times": "These times don't fit: it must end after it begins and after now, last 24 hours at most, "
    "and not be further away than the rota reaches.",
    "id_taken": "There is one with this id already; send it with another command id.",
    "too_many": "There are too many of them already; withdraw some first.",
    "not_now": "It is too late for that, or too early; look at its times.",
    "unknown_post": "There is no such post; look at the incident again.",
    "post_full": "Everybody that this post needs has signed up; take another one.",
    "unknown_person": "Nobody here has that tag; look at the incident's aftercare again.",
    "more_than_taken": "Not of so many nothing is known; correct the number of people taken first.",
    "fewer_than_known": "Of more people than that it is known what became; correct those first.",
    "not_accounted_for": "It can't be closed while there is anybody taken of whom nobody knows what became: "
    "say it with `account`, or correct the number of people taken.",
    "drill_goes_on": "An exercise of your group goes on already; end it first.",
    "drill_too_long": "At that pace it would take more than ten hours; let it go faster.",
    "unknown_drill": "Your group has no such exercise any more; look again.",
    "area_broken": "An outline of the area has fewer than three different points and encloses nothing; "
    "draw it again.",
    "real_and_exercise": "One of the two is an exercise and the other is real: these never become one. "
    "Look which is which; an exercise says so on every page.",
    "no_such_invite": "This invitation was used, withdrawn or is too old; ask for a new one.",
    "invite_too_long": "An invitation lasts three days at most; ask for a shorter one.",
    "login_taken": "Somebody else uses this name (or this passkey) to sign in; choose another.",
    "unknown_way_in": "You have no such way in any more; look at the list again.",
    "last_way_in": "This is your last way in; add another one first.",
    "too_many_ways_in": "You have twenty ways in already; remove one that you no longer use first.",
    "no_such_letter": "No such letter waits any more; look at the list again.",
    "cannot_be_retried": "That cannot be handled again, because its moment has passed: what a person ordered "
    "they order again, and what was to be told goes out as an update of the incident. Then discard it.",
    "still_unreadable": "It still cannot be read; it stays in the list. Update the relay, or discard it.",
    "still_fails": "It was read, and deciding it failed as before; it stays in the list. Update the relay.",
    "content_gone": "Its content is erased, so nothing can be done with it any more.",
    "unreadable": "The relay could not read the command; it lies in the dead letters for the operator.",
    "decide_failed": "The relay failed to decide this; it lies in the dead letters for the operator.",
}


def done_words(reason: str | None) -> str | None:
    """Words for what was decided and changed nothing; None where something was done."""
    return _SENTENCES["unchanged"] if reason == "unchanged" else None


def sentence(reason: str) -> str:
    """Words for a refusal's reason; the reason itself where there are none yet."""
    return _SENTENCES.get(reason, f"The relay refused: {reason.replace('_', ' ')}. Look at it again.")
