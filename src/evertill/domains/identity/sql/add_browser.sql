-- Notes a browser that an account never signed in with.
insert into identity_browser (id, account_id, digest, device, places, first_at, last_at)
values (%s::bigint, %s::bigint, %s::uuid, %s, array[%s::text], %s::timestamptz, %s::timestamptz)
