-- How a review came to its state.
select position, state, actor, why, told, moved_at
from reviews_move
where review_id = %s
order by position
limit %s
