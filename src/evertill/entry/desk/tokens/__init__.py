"""A room of the desk: API tokens."""
