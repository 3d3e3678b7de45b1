"""A room of the desk: checkouts that failed through the shop's fault, and orders made by hand."""
