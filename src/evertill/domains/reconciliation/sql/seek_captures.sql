-- Money that providers' bills say came in, by what they or we call its payment. Of each day the last bill counts.
select
    run.provider, run.date, line.position, line.payment, line.reference, line.provider_id, line.amount, line.currency,
    line.at
from (
    select run_id, position
    from reconciliation_line
    where subject = any(%(names)s::text[])
      and about = 'CAPTURE'
    union
    select run_id, position
    from reconciliation_line
    where provider_id = any(%(names)s::text[])
      and provider_id <> ''
      and about = 'CAPTURE'
) as told
inner join reconciliation_line as line on line.run_id = told.run_id and line.position = told.position
inner join reconciliation_run as run on run.id = line.run_id
where run.state = 'FINISHED'
order by line.at desc, line.run_id, line.position
limit %(limit)s
