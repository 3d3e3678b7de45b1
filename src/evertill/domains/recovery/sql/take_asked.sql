-- The wish that has waited longest, taken so that it is done once, also by two processes that look at once.
update recovery_asked
set taken_at = %s
where id = (
    select id from recovery_asked where taken_at is null order by asked_at, id limit 1 for update skip locked
)
returning kind, asked_by, asked_at
