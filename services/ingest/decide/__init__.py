"""The front door's thinking: pure, no clock, no network."""
