-- Notes that a passkey was used, if its count has grown or it does not count at all. Those who come at once wait for
-- each other at its row, and each is compared with the one before.
update identity_passkey
set sign_count = %s::bigint,
    used_at = %s::timestamptz,
    is_backed_up = %s::boolean
where id = %s::bigint and suspected_at is null
  and (sign_count < %s::bigint or (sign_count = 0 and %s::bigint = 0))
