-- Adds to a payment's history what somebody did about it without moving it. The caller has locked the payment.
insert into payments_move (intent_id, position, state, actor, why, moved_at)
select
    noted.id,
    (select max(before.position) + 1 from payments_move as before where before.intent_id = noted.id),
    noted.state,
    %s,
    %s,
    %s::timestamptz
from payments_intent as noted
where noted.id = %s
