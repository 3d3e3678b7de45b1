-- Notes a code that is about to be sent.
insert into identity_code (id, purpose, address, digest, sent_at, expires_at, tries)
values (%s::uuid, %s, %s::uuid, %s::bytea, %s::timestamptz, %s::timestamptz, 0)
