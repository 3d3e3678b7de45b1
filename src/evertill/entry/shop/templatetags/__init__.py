"""What the templates of the customers' pages can say beyond Django's own."""
