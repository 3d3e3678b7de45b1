-- Locks one difference, and reads it as it is once the lock is held.
select
    id, provider, date, kind, about, subject, payment, our_amount, our_currency, their_amount, their_currency, state,
    how, actor, why, found_at, settled_at
from reconciliation_difference
where id = %s
for update
