-- Keeps a batch of orders under one signature, and has it chained to those before it soon. The key that signed it is
-- known from then on.
with known as (
    insert into receipts_key (id, generation, public, made_at, vouched)
    select %s::bigint, %s::integer, %s::bytea, %s::timestamptz, %s::bytea
    where not exists (select 1 from receipts_key where id = %s::bigint)
    on conflict (id) do nothing
),
kept as (
    insert into receipts_batch (id, key_id, sealed_at, order_ids, leaves, contacts, root, signature)
    values (
        %s::bigint, %s::bigint, %s::timestamptz, %s::bigint[], %s::bytea, %s::bytea, %s::bytea, %s::bytea
    )
    returning id
)
insert into receipts_unsealed (batch_id)
select id
from kept
