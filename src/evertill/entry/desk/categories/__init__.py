"""A room of the desk: the shelves that products stand on."""
