"""Who is told, in which chunks."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.expand import channel_of, expand, position_of
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import MAX_CHUNK


def channel(id_: str, audience: str = "verifiers", kind: str = "told") -> ChannelDefinition:
    return ChannelDefinition.model_validate({"id": id_, "kind": kind, "audience": audience})


def test_only_the_audiences_channels_and_no_chunk_mixes_two() -> None:
    channels = [channel("a"), channel("b", "community"), channel("c", kind="smtp")]
    chunks = expand(channels, "verifiers", addresses={"a": 2, "b": 9, "c": 3}, widths={"smtp": 2})
    assert chunks == (("a:0", "a:1"), ("c:0", "c:1"), ("c:2",))


def test_no_chunk_mixes_two_providers_behind_one_channel() -> None:
    providers = {"a:0": "y", "a:1": "x", "a:2": "y"}
    chunks = expand([channel("a")], "verifiers", addresses={"a": 4}, widths={}, providers=providers)
    assert chunks == (("a:3",), ("a:1",), ("a:0", "a:2"))


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), st.integers(0, 300), max_size=4),
    st.integers(-1, 200),
)
def test_everybody_stands_in_exactly_one_chunk_of_lawful_size(addresses: dict[str, int], width: int) -> None:
    channels = [channel(c) for c in addresses]
    chunks = expand(channels, "verifiers", addresses=addresses, widths={"told": width})
    everybody = [r for chunk in chunks for r in chunk]
    assert sorted(everybody) == sorted(f"{c}:{n}" for c, count in addresses.items() for n in range(count))
    assert all(1 <= len(chunk) <= MAX_CHUNK for chunk in chunks)
    assert all(position_of(r) < addresses[channel_of(r)] for r in everybody)
