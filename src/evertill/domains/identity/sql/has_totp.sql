-- Whether an account has an authenticator app that was confirmed.
select exists (
    select
    from identity_totp
    where account_id = %s::bigint and confirmed_at is not null
)
