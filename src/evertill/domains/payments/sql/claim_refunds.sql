-- Takes up to so many refunds that nobody has heard the end of, and plans the next look as for payments.
with due as (
    select id
    from payments_refund
    where look_at <= %s::timestamptz
    order by look_at, id
    limit %s
    for update skip locked
)
update payments_refund as followed
set look_at = %s::timestamptz + least(600, 5 * 2 ^ least(followed.looks, 10)) * interval '1 second',
    looks = followed.looks + 1
from due
where followed.id = due.id
  and followed.state = 'REQUESTED'
returning followed.id
