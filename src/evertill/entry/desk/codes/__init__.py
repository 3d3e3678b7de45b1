"""A room of the desk: codes of digital goods."""
