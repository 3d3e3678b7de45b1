-- Takes recoveries that have become ready and whose owners were not told so yet.
update identity_recovery as told
set told_ready_at = %s::timestamptz
where told.id in (
    select id
    from identity_recovery
    where ended_at is null and told_ready_at is null and ready_at <= %s::timestamptz
    order by ready_at, id
    limit %s::int
    for update skip locked
)
returning told.id, told.account_id, told.asked_at, told.ready_at, told.ends_at
