-- The orders of payments and refunds that somebody names: by our numbers, or by the ids that providers know them by.
with recursive provider as (
    -- Each provider once, from one entry of the index to the next.
    (
        select intent.provider
        from payments_intent as intent
        where intent.provider_id <> ''
        order by intent.provider
        limit 1
    )
    union all
    select (
        select intent.provider
        from payments_intent as intent
        where intent.provider > provider.provider
          and intent.provider_id <> ''
        order by intent.provider
        limit 1
    )
    from provider
    where provider.provider is not null
)
select intent.order_id
from payments_intent as intent
where intent.id = %(id)s::bigint
union
select intent.order_id
from payments_refund as refund
join payments_intent as intent on intent.id = refund.intent_id
where refund.id = %(id)s::bigint
union
select intent.order_id
from provider
join payments_intent as intent on intent.provider = provider.provider
where intent.provider_id = %(reference)s::text
  and intent.provider_id <> ''
limit 20
