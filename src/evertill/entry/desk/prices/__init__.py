"""A room of the desk: price lists."""
