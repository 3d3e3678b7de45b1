-- The open review of an order, or the one that ended last; locked.
select id, order_id, state, reasons, detail, told, taken_by, taken_until, question, answer, opened_at, ended_at
from reviews_review
where order_id = %s
order by ended_at desc nulls first, id desc
limit 1
for update
