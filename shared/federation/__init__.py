"""What two hubs say to each other, and whether it is believed. Pure: no clock, network or randomness."""
