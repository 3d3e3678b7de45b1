-- Keeps the goods of an order that still waits for money, counted from when it was placed; never shorter than before.
update orders_order
set reserved_until = greatest(reserved_until, placed_at + %s::interval)
where id = %s
  and state = 'PLACED'
