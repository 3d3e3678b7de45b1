-- The reviews that an order had, the latest first.
select id, order_id, state, reasons, detail, told, taken_by, taken_until, question, answer, opened_at, ended_at
from reviews_review
where order_id = %s
order by opened_at desc, id desc
limit 20
