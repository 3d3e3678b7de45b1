"""What the templates of every page can say beyond Django's own."""
