-- Takes up to so many payments that are due to be followed, and plans the next look: after 5 seconds, doubled each
-- time, at most 10 minutes. Whoever dies with one in his hands has only delayed it.
with due as (
    select id
    from payments_intent
    where look_at <= %s::timestamptz
    order by look_at, id
    limit %s
    for update skip locked
)
update payments_intent as followed
set look_at = %s::timestamptz + least(600, 5 * 2 ^ least(followed.looks, 10)) * interval '1 second',
    looks = followed.looks + 1
from due
where followed.id = due.id
  and followed.look_at is not null
returning followed.id
