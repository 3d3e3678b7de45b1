"""A room of the desk: what waits for another person."""
