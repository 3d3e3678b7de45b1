-- Takes out of orders' reviews what was asked and answered, why each step was taken, and what staff said of the order;
-- that it was reviewed stays, and what the shop itself told whoever has yet to decide.
with said as (
    update reviews_review
    set question = case when question = '' then '' else 'removed' end,
        answer = case when answer = '' then '' else 'removed' end,
        detail = case
            when detail = '' or (ended_at is null and not reasons @> array['STAFF']::varchar[]) then detail
            else 'removed'
        end,
        told = case when ended_at is null and not reasons @> array['STAFF']::varchar[] then told else '' end
    where order_id = any(%s::bigint[])
    returning id
)
update reviews_move as step
set why = '',
    told = ''
from said
where step.review_id = said.id
  and step.why <> ''
