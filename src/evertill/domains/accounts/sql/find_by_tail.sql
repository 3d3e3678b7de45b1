-- Accounts in use with a telephone number that ends so: read backwards, the end is a beginning.
select address.account_id, reverse(address.address) as backwards
from accounts_address as address
where address.kind = 'PHONE'
  and reverse(address.address) ~>=~ reverse(%s::text)
  -- What comes after a digit, in the alphabet of bytes; the plus sign and digits come before it.
  and reverse(address.address) ~<~ (reverse(%s::text) || ':')
order by backwards using ~<~, address.account_id
limit %s
