-- Stores a code as the newest key encrypts it.
update fulfilment_code
set secret = %s::bytea, key_id = %s::int
where id = %s::bigint
