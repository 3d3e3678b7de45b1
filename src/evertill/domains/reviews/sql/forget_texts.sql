-- Takes out of orders' reviews what was asked and answered and why each step was taken; that it was taken stays.
with said as (
    update reviews_review
    set question = case when question = '' then '' else 'removed' end,
        answer = case when answer = '' then '' else 'removed' end
    where order_id = any(%s::bigint[])
    returning id
)
update reviews_move as step
set why = ''
from said
where step.review_id = said.id
  and step.why <> ''
