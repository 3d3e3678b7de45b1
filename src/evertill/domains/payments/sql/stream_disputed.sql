-- Payments of which something is disputed, in their order.
select id, disputed
from payments_intent
where disputed > 0
order by id
