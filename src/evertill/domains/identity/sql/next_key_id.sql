-- The id of a key before it is stored, because the key is bound to its row.
select nextval(pg_get_serial_sequence('identity_key', 'id'))::int
