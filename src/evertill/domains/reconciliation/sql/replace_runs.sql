-- The bill that was fetched last takes the place of those before; of them only what they counted stays.
with replaced as (
    update reconciliation_run
    set state = 'REPLACED'
    where provider = %s
      and date = %s
      and state = 'FINISHED'
      and id <> %s
    returning id
)
delete from reconciliation_line
where run_id in (select id from replaced)
