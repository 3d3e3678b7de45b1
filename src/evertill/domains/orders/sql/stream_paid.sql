-- Orders that money paid, in their order; what costs nothing is paid by nobody.
select id, total, currency
from orders_order
where state in ('PAID', 'REFUNDED')
  and total > 0
order by id
