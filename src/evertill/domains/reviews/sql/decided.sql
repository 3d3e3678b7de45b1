-- Reviews that were decided, the latest first.
select id, order_id, state, reasons, detail, told, taken_by, taken_until, question, answer, opened_at, ended_at
from reviews_review
where ended_at is not null
order by ended_at desc, id desc
limit %s
