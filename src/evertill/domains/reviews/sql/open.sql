-- Opens a review of an order; nothing when one is open already.
insert into reviews_review (
    id, order_id, state, reasons, detail, told, taken_by, taken_until, question, answer, opened_at, ended_at
)
values (%s, %s, 'WAITING', array[%s], %s, %s, '', null, '', '', %s::timestamptz, null)
on conflict (order_id) where ended_at is null do nothing
returning id
