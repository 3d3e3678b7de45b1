-- What orders wait for, the longest waiting first; what another worker is giving out is left to it.
select order_id
from fulfilment_due
where state = 'WAITING'
  and look_at <= %s::timestamptz
order by look_at, order_id
limit %s
for update skip locked
