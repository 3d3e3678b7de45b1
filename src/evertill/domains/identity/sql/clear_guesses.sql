-- Clears the failures under a name.
update identity_guesses
set failures = 0, next_at = %s::timestamptz, last_at = %s::timestamptz
where name = %s::uuid
