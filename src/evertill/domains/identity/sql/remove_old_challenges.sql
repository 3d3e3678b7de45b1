-- Removes challenges that nobody can answer any more, a bounded number at a time.
with old as (
    select digest
    from identity_challenge
    where expires_at < %s::timestamptz
    order by expires_at, digest
    limit %s
    for update skip locked
)
delete from identity_challenge as challenge
using old
where challenge.digest = old.digest
