-- Removes what the customer was told is removed by now, whatever became of it, a bounded number at a time.
with old as (
    select id
    from submissions_submission
    where remove_at <= %s::timestamptz
    order by remove_at, id
    limit %s
    for update skip locked
)
delete from submissions_submission as kept
using old
where kept.id = old.id
