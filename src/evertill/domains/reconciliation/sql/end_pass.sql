-- What a comparison counted; and what is open from one before and was not found any more is settled by itself.
with counted as (
    update reconciliation_run
    set lines = %(lines)s,
        matched = %(matched)s,
        pending = %(pending)s,
        differences = %(differences)s
    where id = %(run_id)s
      and state = 'FINISHED'
    returning id, provider, date, passes
)
update reconciliation_difference as gone
set state = 'SETTLED',
    how = 'FOUND_LATER',
    actor = 'reconciliation',
    why = 'found later',
    settled_at = %(now)s
from counted
where gone.provider = counted.provider
  and gone.date = counted.date
  and gone.state = 'OPEN'
  and (gone.run_id <> counted.id or gone.run_pass <> counted.passes)
