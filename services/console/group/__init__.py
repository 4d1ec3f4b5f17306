"""Pages for those who run a group: its area, channels, policy, and the way to a first exercise."""
