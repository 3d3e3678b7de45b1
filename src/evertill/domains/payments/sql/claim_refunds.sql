-- Takes up to so many refunds of a provider that nobody has heard the end of, and plans the next look as for payments.
with due as (
    select refund.id
    from payments_refund as refund
    join payments_intent as paid on paid.id = refund.intent_id
    where refund.look_at <= %(now)s::timestamptz
      and paid.provider = %(provider)s
    order by refund.look_at, refund.id
    limit %(limit)s
    for update of refund skip locked
)
update payments_refund as followed
set look_at = %(now)s::timestamptz
        + least(%(wait_s_max)s, %(wait_s)s * 2 ^ least(followed.looks, 20)) * interval '1 second',
    looks = followed.looks + 1
from due
where followed.id = due.id
  and followed.state = 'REQUESTED'
returning followed.id
