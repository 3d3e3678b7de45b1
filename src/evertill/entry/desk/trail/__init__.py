"""A room of the desk: the audit trail, searched, read and taken out."""
