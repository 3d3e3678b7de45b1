-- Writes payments that are captured as they are written, and the one line of history that each has. One whose key or
-- number is used already is left out, which the number of rows tells.
with asked as (
    select
        %s::timestamptz as now, id, order_id, provider, way, amount, currency, key_digest, body_digest, actor
    from unnest(
        %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::uuid[], %s::text[]
    ) as a(id, order_id, provider, way, amount, currency, key_digest, body_digest, actor)
),
captured as (
    insert into payments_intent
        (id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, ending,
         provider_id, reason, next_kind, next_value, created_at, look_at, looks, key_digest, body_digest)
    select id, order_id, provider, way, 'CAPTURED', amount, currency, amount, currency, 0, 'MATCHED',
        '', '', '', '', now, null, 0, key_digest, body_digest
    from asked
    on conflict do nothing
    returning id
)
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select asked.id, 0, 'CAPTURED', actor, 'MATCHED', now
from asked
join captured on captured.id = asked.id
