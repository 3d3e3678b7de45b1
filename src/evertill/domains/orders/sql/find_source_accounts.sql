-- Orders of some accounts.
from orders_order as o
where o.id < %(behind)s::bigint
  and o.account_id = any(%(source_accounts)s::bigint[])
