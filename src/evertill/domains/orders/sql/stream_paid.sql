-- Orders that were paid, in their order.
select id, total, currency
from orders_order
where state in ('PAID', 'REFUNDED')
order by id
