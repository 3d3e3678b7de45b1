-- What a provider's bills say of subjects, those of one run apart. The fence (offset 0) keeps it to one look into the
-- index for each subject.
select line.about, line.subject, line.currency, max(line.payment), sum(line.amount)::bigint, count(*), max(run.date)
from unnest(%s::text[], %s::text[]) as a(about, subject)
cross join lateral (
    select run_id, about, subject, currency, payment, amount
    from reconciliation_line
    where subject = a.subject
      and about = a.about
    offset 0
) as line
inner join reconciliation_run as run on run.id = line.run_id
where run.provider = %s
  and run.state = 'FINISHED'
  and run.id <> %s
group by line.about, line.subject, line.currency
order by line.about, line.subject, line.currency
