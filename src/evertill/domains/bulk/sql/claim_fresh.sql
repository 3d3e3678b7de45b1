-- Claims the next things of a bulk that nobody has tried yet, and counts the try: what was tried and not done is left
-- to be done by itself. They are chosen before the update: chosen in the middle of it, more of them would be held.
with next as materialized (
    select free.id
    from bulk_item as free
    join bulk_bulk as its on its.id = free.bulk_id
    where free.bulk_id = %(bulk_id)s::bigint
      and free.state = 'WAITING'
      and free.tries = 0
      and free.claimed_until <= %(now)s::timestamptz
      and its.state = 'RUNNING'
    order by free.place
    limit %(limit)s
    for update of free skip locked
)
update bulk_item as item
set tries = item.tries + 1, claimed_until = %(until)s::timestamptz
from next
where item.id = next.id
  and item.state = 'WAITING'
returning
    item.id, item.bulk_id, item.place, item.subject, item.label, item.content, item.before, item.after, item.state,
    item.code, item.note, item.tries, item.ended_at
