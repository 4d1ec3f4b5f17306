"""The judgement, pure: `decider.decide(state, input, now, gazetteer)` and `evolve.evolve(state, event)`.

Reads no clock, network or randomness; every decision carries a named reason (`reasons`).
"""
