-- What customers were given because something went wrong, in the order of the references; how much is the first
-- posting.
select reference, currency, amounts[1]
from ledger_transaction
where kind = 'COMPENSATION'
order by reference
