-- Moves a dispute whose state allows it, and records the move behind those before. What has ended is looked at no more.
with moved as (
    update disputes_dispute
    set state = %(state)s,
        closed_at = case when %(has_ended)s then %(now)s::timestamptz end,
        look_at = case when %(has_ended)s then null else look_at end
    where id = %(dispute_id)s
      and state = any(%(sources)s::text[])
    returning id
)
insert into disputes_move (dispute_id, position, state, actor, why, moved_at)
select
    id,
    (select max(before.position) + 1 from disputes_move as before where before.dispute_id = moved.id),
    %(state)s,
    %(actor)s,
    %(why)s,
    %(now)s::timestamptz
from moved
