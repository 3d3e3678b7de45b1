-- Orders by id, without their lines.
select id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until
from orders_order
where id = any(%s::bigint[])
order by id
