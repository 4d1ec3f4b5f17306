"""The bridges that come with the relay: one file each, listed in MANIFEST."""
