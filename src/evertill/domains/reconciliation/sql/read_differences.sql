-- The open differences of a day, by what they are and what they are about.
select
    id, provider, date, kind, about, subject, payment, our_amount, our_currency, their_amount, their_currency, state,
    how, actor, why, found_at, settled_at
from reconciliation_difference
where provider = %s
  and date = %s
  and state = 'OPEN'
order by kind, about, subject, id
limit %s
