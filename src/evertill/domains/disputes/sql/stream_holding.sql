-- Disputes that hold their orders: open ones, and lost ones whose money had bought the order.
select order_id, provider || ':' || provider_id as name, state = 'LOST'
from disputes_dispute
where state <> 'WON'
  and (is_sale or state <> 'LOST')
order by order_id, provider || ':' || provider_id collate "C"
