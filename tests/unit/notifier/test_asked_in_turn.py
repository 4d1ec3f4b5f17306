"""Who asks again for an account that is shut, and what a price may be; each line fails without its rule."""

import pytest

from services.notifier.decide.ledger import AlertLedger, Chunk
from services.notifier.delivery import Delivery
from services.notifier.engine import Job
from shared.spending import MOST_PENCE, pence_a_segment


def test_whoever_was_asked_for_the_least_asks_for_all() -> None:
    ledger = AlertLedger()
    ledger.chunks[0] = Chunk(("push/gone", "push/a", "push/b"), claims={1: ("push/gone",)}, settled={1: ()})
    job = Job("a1", 0, 2, ("push/gone", "push/a", "push/b"))
    assert Delivery(ledger=ledger).alone(job).recipients == ("push/a",)


@pytest.mark.parametrize(
    ("given", "pence"),
    [(4.2, 4.2), (-1, 0.0), ("inf", 0.0), ("nan", 0.0), (1e9, MOST_PENCE), ("no price", 0.0), (None, 0.0)],
)
def test_no_price_stops_a_group(given: object, pence: float) -> None:
    assert pence_a_segment({"price_pence": given}) == pence
