-- Writes a payment and the first line of its history; nothing when its key is used already.
with created as (
    insert into payments_intent
        (id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, ending,
         provider_id, reason, next_kind, next_value, created_at, look_at, looks, key_digest, body_digest)
    select %s, %s, %s, %s, 'CREATED', %s, %s, 0, '', 0, '', '', '', '', '',
        moment.now, moment.now + interval '10 seconds', 0, %s, %s
    from (select %s::timestamptz as now) as moment
    on conflict (key_digest) do nothing
    returning id, created_at
)
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select id, 0, 'CREATED', %s, 'asked for', created_at
from created
