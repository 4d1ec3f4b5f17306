"""What a receipt says that was not known yet. Pure.

Of one message a provider may say the same again, or first that it arrived and then that a part of it did
not: a message of which a part is lost has not arrived, whatever came before or comes after.
"""

from shared.plugins.spec import Arrived


def is_news(said: Arrived | None, now: Arrived) -> bool:
    """Whether it is to be recorded, after what was `said` of this message before."""
    return said is None or (said == "delivered" and now == "failed")
