-- What one bill says, added up for each subject and currency.
select about, subject, currency, max(payment), sum(amount)::bigint, count(*)
from reconciliation_line
where run_id = %s
group by about, subject, currency
order by about, subject, currency
