-- Removes bulks that ended long ago, or never began, a bounded number at a time, and their things with them.
with old as (
    select id
    from bulk_bulk
    where made_at < %s::timestamptz
      and state <> 'RUNNING'
    order by made_at, id
    limit %s::bigint
    for update skip locked
),
things as (
    delete from bulk_item as item
    using old
    where item.bulk_id = old.id
)
delete from bulk_bulk as its
using old
where its.id = old.id
