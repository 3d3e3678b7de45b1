-- Stores a key.
insert into identity_key (id, wrapped, made_at)
values (%s::int, %s::bytea, %s::timestamptz)
