-- Reviews whose state is not what their last move says, or whose moves have a gap; and moves without a review.
with history as (
    select
        review_id,
        max(position) as last,
        count(*) as moves,
        (array_agg(state order by position desc))[1] as state
    from reviews_move
    group by review_id
)
select coalesce(review.id, history.review_id) as review_id, review.state, history.state
from reviews_review as review
full join history on history.review_id = review.id
where history.state is distinct from review.state
   or history.last <> history.moves - 1
order by review_id
