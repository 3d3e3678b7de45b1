-- Removes what an account wanted and did not get, a bounded number at a time.
with its as (
    select id
    from submissions_submission
    where account_id = %s
    order by id
    limit %s
    for update
)
delete from submissions_submission as kept
using its
where kept.id = its.id
