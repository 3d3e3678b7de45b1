-- What disputes did to money, in the order of the references and kinds.
select reference || ' ' || kind, currency, amounts[1]
from ledger_transaction
where kind in ('DISPUTE_OPENED', 'DISPUTE_WON', 'DISPUTE_LOST')
order by reference, kind collate "C"
