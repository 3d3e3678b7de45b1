-- Batches by their ids.
select id, key_id, sealed_at, order_ids, leaves, contacts, root, signature
from receipts_batch
where id = any(%s::bigint[])
