-- Counts a try at a code and uses it up when it is right. Those who come at once wait for each other at its row, and
-- see then what is left of it: one is told true, whoever comes later finds no row.
update identity_code
set tries = tries + 1,
    used_at = case when digest = %s::bytea then %s::timestamptz end
where id = %s::uuid and purpose = %s and address = %s::uuid
  and used_at is null and tries < 5 and expires_at > %s::timestamptz
returning used_at is not null
