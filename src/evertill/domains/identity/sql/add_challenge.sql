-- Notes a challenge that a browser is to have signed.
insert into identity_challenge (digest, ceremony, subject, handle, made_at, expires_at)
values (%s::uuid, %s, %s::uuid, %s::bytea, %s::timestamptz, %s::timestamptz)
