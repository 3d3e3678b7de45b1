-- What paid orders, taken by providers or from prepaid balances, in the order of the references: the amount is that of
-- the first posting.
select reference, currency, amounts[1]
from ledger_transaction
where kind in ('CAPTURE', 'BALANCE_PAYMENT')
order by reference
