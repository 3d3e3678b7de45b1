-- Takes batches out of the queue of what is to be chained, and returns them; what somebody else takes is left to him.
with next as (
    select batch_id
    from receipts_unsealed
    order by batch_id
    limit %s
    for update skip locked
),
claimed as (
    delete from receipts_unsealed as queued
    using next
    where queued.batch_id = next.batch_id
    returning queued.batch_id
)
select batch.id, key_id, sealed_at, order_ids, leaves, contacts, root, signature
from claimed
join receipts_batch as batch on batch.id = claimed.batch_id
order by batch.id
