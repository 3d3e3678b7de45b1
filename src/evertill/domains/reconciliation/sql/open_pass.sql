-- A run counts from its first comparison on.
update reconciliation_run
set state = 'FINISHED',
    finished_at = coalesce(finished_at, %s::timestamptz),
    passes = passes + 1
where id = %s
  and state in ('FETCHING', 'FINISHED')
returning passes
