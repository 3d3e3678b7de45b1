"""The desk: pages for staff. Each folder in here is a room; what they share stands beside them."""
