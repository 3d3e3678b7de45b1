-- Forgets a browser of an account.
delete from identity_browser
where account_id = %s::bigint and id = %s::bigint
