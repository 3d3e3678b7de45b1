-- Accounts in use with an email address that begins so; ends of ranges are compared by bytes, as the index is sorted.
select address.account_id
from accounts_address as address
where address.kind = 'EMAIL'
  and address.address ~>=~ %s::text
  and address.address ~<~ %s::text
order by address.address using ~<~, address.account_id
limit %s
