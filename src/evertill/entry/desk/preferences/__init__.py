"""A room of the desk: what the shop decides for itself, and what its machine was told."""
