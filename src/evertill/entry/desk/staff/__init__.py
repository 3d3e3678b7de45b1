"""A room of the desk: who works for the shop, in which roles, and what each role may do."""
