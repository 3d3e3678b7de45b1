-- What disputes did to money: each was opened, and some have ended; in the order in which the ledger lists it too.
select name, state, amount, currency
from (
    select provider || ':' || provider_id as name, 'OPENED' as state, amount, currency
    from disputes_dispute
    union all
    select provider || ':' || provider_id, state, amount, currency
    from disputes_dispute
    where state in ('WON', 'LOST')
) as booked
order by name collate "C", state collate "C"
