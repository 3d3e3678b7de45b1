-- Writes a dispute and the first line of its history; nothing when it is known already.
with recorded as (
    insert into disputes_dispute
        (id, provider, provider_id, intent_id, order_id, is_sale, state, amount, currency, fee, reason,
         evidence_due_at, opened_at, closed_at, look_at)
    values (
        %(dispute_id)s, %(provider)s, %(provider_id)s, %(intent_id)s, %(order_id)s, %(is_sale)s, 'OPENED', %(amount)s,
        %(currency)s, %(fee)s, %(reason)s, %(evidence_due_at)s::timestamptz, %(now)s::timestamptz, null,
        %(look_at)s::timestamptz
    )
    on conflict (provider, provider_id) do nothing
    returning id
)
insert into disputes_move (dispute_id, position, state, actor, why, moved_at)
select id, 0, 'OPENED', %(actor)s, %(reason)s, %(now)s::timestamptz
from recorded
