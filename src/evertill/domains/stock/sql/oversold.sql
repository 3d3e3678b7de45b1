-- Counted SKUs of which more is promised than lies on the shelf. A constraint forbids it; the audit trusts nothing.
select sku, on_hand, reserved
from stock_item
where kind = 'COUNTED'
  and reserved > on_hand
order by sku
