-- Transactions that are recorded under these names.
select recorded.kind, recorded.reference, recorded.currency, recorded.accounts, recorded.amounts
from unnest(%s::text[], %s::text[]) as a(kind, reference)
inner join ledger_transaction as recorded on recorded.kind = a.kind and recorded.reference = a.reference
