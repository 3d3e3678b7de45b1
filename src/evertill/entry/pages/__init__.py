"""What the pages of shop and desk have in common: who is there, what a page says of itself, how a failure is told."""
