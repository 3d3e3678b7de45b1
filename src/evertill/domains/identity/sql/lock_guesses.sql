-- The failures under a name, made when there are none, and held until the caller commits.
insert into identity_guesses (name, failures, next_at, last_at)
values (%s::uuid, 0, %s::timestamptz, %s::timestamptz)
on conflict (name) do update
set failures = identity_guesses.failures
returning failures, next_at
