"""What every room needs and no business word: configuration, database, money, time, identifiers, secrets."""
