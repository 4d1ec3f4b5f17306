"""The kit for authors of bridges and channels: find, scaffold, record, replay, try from outside."""
