"""In-memory twins of the bus and the state, and servers for tests. Not used in production."""
