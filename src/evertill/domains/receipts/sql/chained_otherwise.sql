-- Batches that are not chained exactly once: how many seals hold each, and whether it waits to be sealed.
with sealed as (
    select batch_id, count(*) as seals
    from receipts_seal
    cross join unnest(batch_ids) as held(batch_id)
    group by batch_id
)
select
    batch.id,
    coalesce(sealed.seals, 0),
    queued.batch_id is not null
from receipts_batch as batch
left join sealed on sealed.batch_id = batch.id
left join receipts_unsealed as queued on queued.batch_id = batch.id
where coalesce(sealed.seals, 0) + (queued.batch_id is not null)::int4 <> 1
order by batch.id
