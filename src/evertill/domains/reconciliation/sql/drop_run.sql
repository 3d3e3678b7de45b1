-- A bill that could not be fetched whole is no bill.
with failed as (
    update reconciliation_run
    set state = 'FAILED'
    where id = %s
      and state = 'FETCHING'
    returning id
)
delete from reconciliation_line
where run_id in (select id from failed)
