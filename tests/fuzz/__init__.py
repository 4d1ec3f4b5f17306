"""Every parser of what strangers send, under mutated inputs: `python -m tests.fuzz --target all`."""
