-- Counts a failure under a name without slowing it; no row comes back when there were as many as there may be.
insert into identity_guesses (name, failures, next_at, last_at)
values (%s::uuid, 1, %s::timestamptz, %s::timestamptz)
on conflict (name) do update
set failures = identity_guesses.failures + 1, last_at = excluded.last_at
where identity_guesses.failures < %s::int
returning failures
