"""A room of the desk: backups and restore drills."""
