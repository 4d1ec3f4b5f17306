"""The words people get: one pure function from an alert to the message for one audience and size.

The notifier sends what `render` returns and the desk previews the same, so nobody approves one
text and sends another. What a reporter is asked back stands beside it, in their language, and so
does what members write to the desk by chat, and are answered. So does what a test of a channel says.
"""

from shared.words.channel_test import channel_test_message, channel_test_text
from shared.words.clean import clean
from shared.words.desk_reply import (
    DeskReply,
    desk_reply,
    join_code,
    looks_like_desk_reply,
    with_code_of,
)
from shared.words.desk_tally import tally_in
from shared.words.desk_words import Keyword
from shared.words.drill_told import DRILL_TOLD, drill_told_message
from shared.words.questions import question
from shared.words.render import MIN_CHARS, NotForThisAudienceError, render
from shared.words.replies import REPLY_CHARS, reply
from shared.words.said import NOT_OVER
from shared.words.spending_told import spending_told_message

__all__ = [
    "DRILL_TOLD",
    "MIN_CHARS",
    "NOT_OVER",
    "REPLY_CHARS",
    "DeskReply",
    "Keyword",
    "NotForThisAudienceError",
    "channel_test_message",
    "channel_test_text",
    "clean",
    "desk_reply",
    "drill_told_message",
    "join_code",
    "looks_like_desk_reply",
    "question",
    "render",
    "reply",
    "spending_told_message",
    "tally_in",
    "with_code_of",
]
