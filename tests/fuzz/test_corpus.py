"""What fuzzing kept is no finding any more, and neither is a little that is made of it."""

import random
from collections.abc import Iterator

import pytest

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, corpus, door

_EACH = 60


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    door().close()
    door.cache_clear()


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_corpus_and_mutations_of_it(name: str) -> None:
    chance, kept = random.Random(name), corpus(name)
    assert kept
    for data in kept:
        TARGETS[name](data)
    for _ in range(_EACH):
        TARGETS[name](mutated(chance.choice(kept), chance))
