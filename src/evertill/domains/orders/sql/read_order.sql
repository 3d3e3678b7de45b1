-- One order with its lines in their places, one a row.
select
    whole.id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until,
    sku, title, quantity, unit_price, returned
from orders_order as whole
left join orders_line as line on line.order_id = whole.id
where whole.id = %s
order by position
