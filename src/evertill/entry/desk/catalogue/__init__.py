"""A room of the desk: products, their texts and variants."""
