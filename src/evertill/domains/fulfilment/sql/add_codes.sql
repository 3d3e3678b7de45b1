-- Keeps codes that are free; one that is known already, for whatever SKU, is left out.
insert into fulfilment_code (id, sku, secret, key_id, digest, uploaded_at, uploaded_by)
select given.id, %(sku)s, given.secret, given.key_id, given.digest, %(now)s::timestamptz, %(by)s
from unnest(%(ids)s::bigint[], %(secrets)s::bytea[], %(keys)s::int4[], %(digests)s::bytea[])
    as given (id, secret, key_id, digest)
on conflict (digest) do nothing
