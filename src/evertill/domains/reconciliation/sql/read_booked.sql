-- Differences of which the ledger has corrections, by subject.
select kept.about, kept.subject, kept.our_amount, kept.our_currency, kept.their_amount, kept.their_currency
from unnest(%s::text[], %s::text[]) as a(about, subject)
cross join lateral (
    select about, subject, our_amount, our_currency, their_amount, their_currency
    from reconciliation_difference
    where subject = a.subject
      and about = a.about
      and provider = %s
      and how = 'BOOKED'
    offset 0
) as kept
