-- Writes what a provider told of a payment whose state allows it, and records the move behind those before. What is
-- final is followed no more.
with moved as (
    update payments_intent
    set state = %(state)s,
        provider_id = case when %(provider_id)s <> '' then %(provider_id)s else provider_id end,
        captured = %(captured)s,
        captured_currency = %(captured_currency)s,
        ending = %(ending)s,
        reason = %(reason)s,
        next_kind = %(next_kind)s,
        next_value = %(next_value)s,
        look_at = case when %(is_final)s then null else look_at end
    where id = %(intent_id)s
      and state = any(%(sources)s::text[])
    returning id
)
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select
    id,
    (select max(before.position) + 1 from payments_move as before where before.intent_id = moved.id),
    %(state)s,
    %(actor)s,
    %(why)s,
    %(now)s::timestamptz
from moved
