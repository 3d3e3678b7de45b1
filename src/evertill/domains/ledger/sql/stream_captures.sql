-- What providers took, in the order of the references.
select reference, currency, amounts[1]
from ledger_transaction
where kind = 'CAPTURE'
order by reference
