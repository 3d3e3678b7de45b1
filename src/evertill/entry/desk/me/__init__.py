"""A room of the desk: what I may do here."""
