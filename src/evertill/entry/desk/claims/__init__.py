"""Claims at the desk: what customers miss, what was found of it, and what they are given."""
