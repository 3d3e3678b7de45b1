-- The first line of a review's history.
insert into reviews_move (review_id, position, state, actor, why, told, moved_at)
values (%s, 0, 'WAITING', %s, %s, %s, %s::timestamptz)
