-- Reviews that nobody has decided, the oldest first.
select id, order_id, state, reasons, detail, told, taken_by, taken_until, question, answer, opened_at, ended_at
from reviews_review
where ended_at is null
  and (opened_at, id) > (%s::timestamptz, %s::bigint)
order by opened_at, id
limit %s
