-- Trusts no browser of an account any more.
update identity_browser
set trusted_at = null, trusted_until = null
where account_id = %s::bigint and trusted_at is not null
