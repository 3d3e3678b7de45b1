"""A room of the desk: what somebody has to look at."""
