-- So many free codes of each SKU, in the order in which they came; what another worker is giving out is passed over.
select wanted.sku, free.id
from unnest(%s::text[], %s::bigint[]) as wanted (sku, codes)
cross join lateral (
    select code.id
    from fulfilment_code as code
    where code.sku = wanted.sku
      and code.order_id is null
    order by code.id
    limit wanted.codes
    for update skip locked
) as free
order by wanted.sku, free.id
