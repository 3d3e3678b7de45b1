"""A room of the desk: money that has not come, has not gone, or is disputed."""
