-- Payments that promise back more than they captured, or another sum than that of their refunds.
with summed as (
    select intent_id, sum(amount) as amount
    from payments_refund
    where state <> 'FAILED'
    group by intent_id
)
select paid.id, paid.captured, paid.refunded, coalesce(summed.amount, 0)::bigint
from payments_intent as paid
left join summed on summed.intent_id = paid.id
where paid.refunded <> coalesce(summed.amount, 0)
   or paid.refunded > paid.captured
order by paid.id
