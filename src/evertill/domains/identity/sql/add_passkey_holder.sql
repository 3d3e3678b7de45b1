-- Gives an account a user handle, once.
insert into identity_passkey_holder (account_id, handle)
values (%s::bigint, %s::bytea)
on conflict (account_id) do nothing
