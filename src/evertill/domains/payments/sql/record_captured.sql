-- Writes payments that are captured as they are written, and the one line of history that each has.
with captured as (
    insert into payments_intent
        (id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, ending,
         provider_id, reason, next_kind, next_value, created_at, look_at, looks, key_digest, body_digest)
    select id, order_id, provider, way, 'CAPTURED', amount, currency, amount, currency, 0, 'MATCHED',
        '', '', '', '', %s::timestamptz, null, 0, key_digest, body_digest
    from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::uuid[])
        as new(id, order_id, provider, way, amount, currency, key_digest, body_digest)
)
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select id, 0, 'CAPTURED', actor, 'MATCHED', %s::timestamptz
from unnest(%s::bigint[], %s::text[]) as new(id, actor)
