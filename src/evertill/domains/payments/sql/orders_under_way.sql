-- Those of some orders for which money is on its way: a payment that is not final, or a refund that has not ended.
select asked.id
from unnest(%s::bigint[]) as asked(id)
where exists (
    select
    from payments_intent as paid
    where paid.order_id = asked.id
      and (
          paid.state in ('CREATED', 'PENDING', 'AUTHORIZED')
          or exists (
              select
              from payments_refund as refund
              where refund.intent_id = paid.id
                and refund.state = 'REQUESTED'
          )
      )
)
order by asked.id
