"""A room of the desk: one operation on many things, looked at, begun, watched and stopped."""
