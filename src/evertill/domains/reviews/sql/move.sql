-- Moves a review that the caller has locked, and records the move behind those before.
with moved as (
    update reviews_review
    set state = %(to)s,
        taken_by = %(taken_by)s,
        taken_until = %(taken_until)s::timestamptz,
        question = coalesce(%(question)s, question),
        answer = coalesce(%(answer)s, answer),
        ended_at = %(ended_at)s::timestamptz
    where id = %(id)s
      and state = %(from)s
    returning id
)
insert into reviews_move (review_id, position, state, actor, why, told, moved_at)
select
    id, (select max(before.position) + 1 from reviews_move as before where before.review_id = moved.id), %(to)s,
    %(actor)s, %(why)s, %(told)s, %(now)s::timestamptz
from moved
returning review_id
