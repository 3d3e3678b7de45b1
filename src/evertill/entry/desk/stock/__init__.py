"""A room of the desk: what lies on the shelf."""
