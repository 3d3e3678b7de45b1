-- Ends the sessions of an account in one browser.
update identity_session
set ended_at = %s::timestamptz, why = %s
where account_id = %s::bigint and browser_id = %s::bigint and ended_at is null
