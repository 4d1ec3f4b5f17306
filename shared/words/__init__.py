"""The words people get: one pure function from an alert to the message for one audience and size.

The notifier sends what `render` returns and the desk previews the same, so nobody approves one
text and sends another. What a reporter is asked back and what a
test of a channel says stand beside it, in their language.
"""

from shared.words.channel_test import channel_test_message
from shared.words.clean import clean
from shared.words.questions import question
from shared.words.render import MIN_CHARS, NotForThisAudienceError, render

__all__ = ["MIN_CHARS", "NotForThisAudienceError", "channel_test_message", "clean", "question", "render"]
