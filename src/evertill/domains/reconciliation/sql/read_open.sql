-- The open differences of all days, the newest day first.
select
    id, provider, date, kind, about, subject, payment, our_amount, our_currency, their_amount, their_currency, state,
    how, actor, why, found_at, settled_at
from reconciliation_difference
where state = 'OPEN'
order by date desc, provider, kind, about, subject, id
limit %s
