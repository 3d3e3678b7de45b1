-- Notes that a recovery was asked for, unless one is under way.
insert into identity_recovery (id, account_id, asked_at, ready_at, ends_at, why)
values (%s::bigint, %s::bigint, %s::timestamptz, %s::timestamptz, %s::timestamptz, '')
on conflict (account_id) where ended_at is null do nothing
