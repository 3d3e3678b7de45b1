-- Gives an open session another secret, unless that was done a moment ago.
update identity_session
set was = digest, was_until = %s::timestamptz + make_interval(secs => %s), digest = %s::uuid
where id = %s::bigint and ended_at is null
  and (was_until is null or was_until <= %s::timestamptz)
