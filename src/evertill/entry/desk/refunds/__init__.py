"""A room of the desk: money that goes back."""
