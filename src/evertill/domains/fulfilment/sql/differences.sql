-- Dues that say that codes were given where there are others, or none were to be given where there are some; and codes
-- for which nothing was due.
with given as (
    select order_id, sku, count(*) as codes
    from fulfilment_code
    where order_id is not null
    group by order_id, sku
)
select
    coalesce(due.order_id, given.order_id) as order_id,
    coalesce(due.sku, given.sku) as sku,
    coalesce(due.state, 'NONE'),
    coalesce(due.pieces, 0),
    coalesce(given.codes, 0)
from fulfilment_due as due
full join given on given.order_id = due.order_id and given.sku = due.sku
where due.order_id is null
   or (due.state = 'GIVEN' and coalesce(given.codes, 0) <> due.pieces)
   or (due.state = 'VOID' and given.codes is not null)
order by order_id, sku
