-- Claims the next thing of a bulk for a while, and counts the try, before anything is done: a thing that kills whoever
-- does it would otherwise be tried forever.
update bulk_item as item
set tries = item.tries + 1, claimed_until = %s::timestamptz
where item.state = 'WAITING'
  and item.id = (
    select free.id
    from bulk_item as free
    join bulk_bulk as its on its.id = free.bulk_id
    where free.bulk_id = %s::bigint
      and free.state = 'WAITING'
      and free.claimed_until <= %s::timestamptz
      and its.state = 'RUNNING'
    order by free.place
    limit 1
    for update of free skip locked
  )
returning
    id, bulk_id, place, subject, label, content, before, after, state, code, note, tries, ended_at
