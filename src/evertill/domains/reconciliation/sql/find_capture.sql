-- One line of the bill of a day that counts, when it says that money came in, with what we take it to be about.
select
    run.provider, run.date, line.position, line.payment, line.reference, line.provider_id, line.amount, line.currency,
    line.at, line.subject
from reconciliation_run as run
inner join reconciliation_line as line on line.run_id = run.id
where run.provider = %(provider)s
  and run.date = %(date)s::date
  and run.state = 'FINISHED'
  and line.position = %(position)s
  and line.about = 'CAPTURE'
