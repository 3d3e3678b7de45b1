"""A day of payments at a provider, for both sides: what our books have of it and what the provider bills."""
