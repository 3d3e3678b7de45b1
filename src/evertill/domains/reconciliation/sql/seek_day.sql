-- Money that the bills of a few days say came in, of one amount.
select
    run.provider, run.date, line.position, line.payment, line.reference, line.provider_id, line.amount, line.currency,
    line.at
from unnest(%(providers)s::text[]) as a(provider)
inner join reconciliation_run as run
    on run.provider = a.provider and run.date between %(first)s::date and %(last)s::date and run.state = 'FINISHED'
inner join reconciliation_line as line on line.run_id = run.id
where line.about = 'CAPTURE'
  and line.amount = %(amount)s
order by line.at desc, line.run_id, line.position
limit %(limit)s
