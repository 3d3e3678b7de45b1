-- Stores a secret that is to be confirmed; one that was confirmed stays.
insert into identity_totp (account_id, secret, key_id, made_at, step)
values (%s::bigint, %s::bytea, %s::int, %s::timestamptz, 0)
on conflict (account_id) do update
set secret = excluded.secret, key_id = excluded.key_id, made_at = excluded.made_at
where identity_totp.confirmed_at is null
