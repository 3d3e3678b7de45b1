-- Transactions that are recorded under these names. The fence (offset 0) keeps it to one look into the index for each
-- name, also while the planner knows nothing of the table yet.
select recorded.kind, recorded.reference, recorded.currency, recorded.accounts, recorded.amounts
from unnest(%s::text[], %s::text[]) as a(kind, reference)
cross join lateral (
    select kind, reference, currency, accounts, amounts
    from ledger_transaction
    where kind = a.kind
      and reference = a.reference
    offset 0
) as recorded
