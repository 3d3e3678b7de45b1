-- Writes an account's list of recovery codes over the one before. Rows are taken in the order of their places.
insert into identity_recovery_code (account_id, place, digest, made_at)
select %s::bigint, code.place, code.digest, %s::timestamptz
from unnest(%s::smallint[], %s::bytea[]) as code (place, digest)
order by code.place
on conflict (account_id, place) do update
set digest = excluded.digest, made_at = excluded.made_at, used_at = null
