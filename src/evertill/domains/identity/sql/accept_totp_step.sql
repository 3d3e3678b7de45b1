-- Accepts a time step that is newer than any before. Those who come at once wait at the row and find it too old.
update identity_totp
set step = %s::bigint, confirmed_at = coalesce(confirmed_at, %s::timestamptz)
where account_id = %s::bigint and made_at = %s::timestamptz and (confirmed_at is not null) = %s::boolean
  and step < %s::bigint
