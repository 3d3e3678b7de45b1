-- Trusts a browser for a while.
update identity_browser
set trusted_at = %s::timestamptz, trusted_until = %s::timestamptz
where id = %s::bigint
