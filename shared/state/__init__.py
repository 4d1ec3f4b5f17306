"""The read model on Redis: the only package that imports redis.

`RedisState` is the port `shared.ports.ReadModel`; its twin in memory is `shared.testing.state`.
`RedisEphemeral` is `shared.ports.Ephemeral` in the same Redis. `ReportStates`, `Exercises` and `GroupNames`
are the views that another service than console needs; `BridgeStandings` is what the front door says to it.
"""

from shared.state.bridges import BridgeStandings
from shared.state.ephemeral import RedisEphemeral
from shared.state.exercises import Exercises
from shared.state.groups import GroupNames
from shared.state.redis_state import RedisState, open_state
from shared.state.reports import ReportStates

__all__ = [
    "BridgeStandings",
    "Exercises",
    "GroupNames",
    "RedisEphemeral",
    "RedisState",
    "ReportStates",
    "open_state",
]
