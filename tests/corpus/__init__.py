"""The project's own corpus: invented messages with their truth, and the groups that they are played to."""
