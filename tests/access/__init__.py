"""Who may see and do what, tried on everything that the shop has."""
