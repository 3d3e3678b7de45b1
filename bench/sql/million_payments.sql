-- The payments of the drawn orders, how each came to its state, and what was given back.
with paying as materialized (
    select
        drawn.*,
        total,
        case
            when drawn.state in ('PAID', 'REFUNDED') then 'CAPTURED'
            when drawn.state = 'PLACED' then 'PENDING'
            else 'FAILED'
        end as payment_state,
        case when refunded_of > 0 then greatest(total / refunded_of, 1) else 0 end as refunded
    from drawn
    join orders_order as placed on placed.id = drawn.id
    where payment_id is not null
),
intents as (
    insert into payments_intent
        (id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, ending,
         provider_id, reason, next_kind, next_value, created_at, look_at, looks, key_digest, body_digest)
    select
        payment_id, id, provider, way, payment_state, total, currency,
        case when payment_state = 'CAPTURED' then total else 0 end,
        case when payment_state = 'CAPTURED' then currency else '' end,
        refunded,
        case when payment_state = 'CAPTURED' then 'MATCHED' else '' end,
        'pay_' || md5(payment),
        case when payment_state = 'FAILED' then 'the customer went away' else '' end,
        '', '', placed_at + interval '1 minute',
        case when payment_state = 'PENDING' then %(now)s::timestamptz + interval '1 hour' end, 0,
        md5('key' || payment)::uuid, md5('body' || payment)::uuid
    from paying
    order by placed_at, payment_id
),
refunds as (
    insert into payments_refund
        (id, intent_id, kind, state, amount, reason, actor, provider_id, requested_at, done_at, look_at, looks,
         key_digest)
    select
        refund_id, payment_id, 'SALE', 'SUCCEEDED', refunded, '', 'shop', 'ref_' || md5(refund),
        placed_at + interval '1 day', placed_at + interval '1 day 1 minute', null, 0, md5('key' || refund)::uuid
    from paying
    where refunded > 0
)
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select payment_id, 0, 'CREATED', 'customer', 'asked for', placed_at + interval '1 minute'
from paying
union all
select payment_id, 1, 'PENDING', 'provider', '', placed_at + interval '1 minute'
from paying
union all
select
    payment_id, 2, payment_state, 'provider', case when payment_state = 'CAPTURED' then 'MATCHED' else '' end,
    placed_at + interval '2 minutes'
from paying
where payment_state <> 'PENDING'
