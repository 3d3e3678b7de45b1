-- Counts a guess as failed until it is known to be right.
update identity_guesses
set failures = failures + 1, next_at = %s::timestamptz, last_at = %s::timestamptz
where name = %s::uuid and failures < 100
