-- Takes up to so many open disputes that are due to be looked at, and plans the next look. Whoever dies with one in his
-- hands has only delayed it.
with due as (
    select id
    from disputes_dispute
    where look_at <= %s::timestamptz
    order by look_at, id
    limit %s
    for update skip locked
)
update disputes_dispute as followed
set look_at = %s::timestamptz
from due
where followed.id = due.id
  and followed.look_at is not null
returning followed.intent_id
