"""A room of the desk: customers, found by what whoever calls may say, and helped as the rules allow."""
