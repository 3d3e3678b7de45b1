-- Counts a try at the next step; no row is touched when there were too many.
update identity_attempt
set tries = tries + 1
where id = %s::bigint and ended_at is null and tries < 20
