-- Batches that wait to be sealed, whose own signatures are all that speaks for them.
select batch.id, key_id, sealed_at, order_ids, leaves, contacts, root, signature
from receipts_unsealed as queued
join receipts_batch as batch on batch.id = queued.batch_id
order by batch.id
