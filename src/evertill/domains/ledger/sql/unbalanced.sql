-- Transactions that do not sum to zero or are malformed. Constraints forbid them; the audit trusts nothing.
select
    recorded.kind,
    recorded.reference,
    least(cardinality(recorded.accounts), summed.postings)::int,
    summed.total
from ledger_transaction as recorded
cross join lateral (
    select count(amount) as postings, coalesce(sum(amount), 0)::bigint as total
    from unnest(recorded.amounts) as amount
) as summed
where summed.total <> 0
   or summed.postings < 2
   or summed.postings <> cardinality(recorded.accounts)
order by recorded.kind, recorded.reference
