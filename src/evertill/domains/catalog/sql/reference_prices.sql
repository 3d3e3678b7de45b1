-- What SKUs cost in a currency at a moment: what the first change since then found; what they cost now, where there was
-- none; and for what had no price then, the last one that it ever had.
select
    variant.sku,
    coalesce(
        (
            select change.before
            from catalog_price_change as change
            where change.sku = variant.sku
              and change.currency = %s
              and change.changed_at > %s::timestamptz
              and change.before is not null
            order by change.changed_at, change.id
            limit 1
        ),
        price.amount,
        (
            select change.before
            from catalog_price_change as change
            where change.sku = variant.sku
              and change.currency = price_list.currency
              and change.before is not null
            order by change.changed_at desc, change.id desc
            limit 1
        )
    )
from (select %s::text as currency) as price_list
join catalog_variant as variant on variant.sku = any(%s::text[])
left join catalog_price as price on price.variant_id = variant.id and price.currency = price_list.currency
order by variant.sku
