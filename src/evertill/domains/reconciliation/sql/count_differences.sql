-- Bills whose lines or differences are not as many as were counted.
select run.provider, run.date, run.lines, coalesce(line.many, 0), run.differences, coalesce(difference.many, 0)
from reconciliation_run as run
left join (
    select run_id, count(*) as many
    from reconciliation_line
    group by run_id
) as line on line.run_id = run.id
left join (
    select run_id, run_pass, count(*) as many
    from reconciliation_difference
    group by run_id, run_pass
) as difference on difference.run_id = run.id and difference.run_pass = run.passes
where run.state = 'FINISHED'
  and (run.lines <> coalesce(line.many, 0) or run.differences <> coalesce(difference.many, 0))
order by run.provider, run.date
