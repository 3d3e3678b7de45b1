-- Gives a session leave for one operation on one object.
insert into identity_grant (id, session_id, operation, object, factor, given_at, expires_at)
values (%s::bigint, %s::bigint, %s, %s, %s, %s::timestamptz, %s::timestamptz)
