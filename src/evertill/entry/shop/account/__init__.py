"""The pages of a customer's account: signing in, proving, and looking after what lets him in."""
