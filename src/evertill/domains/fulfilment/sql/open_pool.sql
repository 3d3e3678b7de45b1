-- Has a SKU sold by codes from now on.
insert into fulfilment_pool (sku, opened_at)
values (%s, %s::timestamptz)
on conflict (sku) do nothing
