-- What a provider's bills say that it kept of one payment, by currency.
select line.currency, -sum(line.amount)::bigint
from reconciliation_line as line
inner join reconciliation_run as run on run.id = line.run_id
where line.subject = %(subject)s
  and line.about = 'FEE'
  and run.provider = %(provider)s
  and run.state = 'FINISHED'
group by line.currency
