-- What orders' customers were asked in reviews, and what they answered, in its sequence.
select its.order_id, step.state, step.why, step.moved_at
from reviews_review as its
join reviews_move as step on step.review_id = its.id
where its.order_id = any(%s::bigint[])
  and its.question <> ''
  and step.why <> ''
  and (step.state = 'ASKED' or split_part(step.actor, ':', 1) not in ('STAFF', 'OPERATOR', 'CLOCK'))
order by its.order_id, step.moved_at, step.review_id, step.position
