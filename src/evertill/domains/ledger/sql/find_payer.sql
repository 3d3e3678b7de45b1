-- Whose prepaid balance paid under a reference: the first posting is his.
select split_part(accounts[1], ':', 2)
from ledger_transaction
where kind = 'BALANCE_PAYMENT'
  and reference = %s
