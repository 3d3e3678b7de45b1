-- The currencies in which something has a price, found one behind the other instead of by counting all prices.
with recursive found as (
    (select min(currency) as currency from catalog_price)
    union all
    select (select min(price.currency) from catalog_price as price where price.currency > found.currency)
    from found
    where found.currency is not null
)
select currency::text
from found
where currency is not null
order by currency
