-- What some lines of one bill say of subjects of some kinds, added up for each subject and currency.
select about, subject, currency, max(payment), sum(amount)::bigint, count(*)
from reconciliation_line
where run_id = %s
  and position > %s
  and position <= %s
  and about = any(%s::text[])
group by about, subject, currency
order by about, subject, currency
