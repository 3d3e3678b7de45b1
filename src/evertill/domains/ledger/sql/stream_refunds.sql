-- What providers gave back, in the order of the references: the amount is that of the first posting.
select reference, currency, amounts[1]
from ledger_transaction
where kind in ('REFUND', 'LATE_REFUND')
order by reference
