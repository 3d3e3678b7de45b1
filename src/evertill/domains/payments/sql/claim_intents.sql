-- Takes up to so many payments of a provider that are due to be followed, and plans the next look: after a while,
-- doubled each time up to a bound. Whoever dies with one in his hands has only delayed it.
with due as (
    select id
    from payments_intent
    where look_at <= %(now)s::timestamptz
      and provider = %(provider)s
    order by look_at, id
    limit %(limit)s
    for update skip locked
)
update payments_intent as followed
set look_at = %(now)s::timestamptz
        + least(%(wait_s_max)s, %(wait_s)s * 2 ^ least(followed.looks, 20)) * interval '1 second',
    looks = followed.looks + 1
from due
where followed.id = due.id
  and followed.look_at is not null
returning followed.id
