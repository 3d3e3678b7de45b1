-- Whether an account trusts a browser now.
select exists (
    select
    from identity_browser
    where account_id = %s::bigint and digest = %s::uuid and trusted_until > %s::timestamptz
)
