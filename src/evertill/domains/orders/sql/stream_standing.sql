-- Every order by its number, with when it was placed, how it stands, and its sum: to tell two shops apart.
select id, placed_at, state, total, currency
from orders_order
order by id
