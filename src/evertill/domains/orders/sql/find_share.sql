-- How many of all that are findable have these parts in their contact, as some pages tell that are drawn from
-- everywhere: always the same ones, so that they are at hand.
with size as (
    select greatest(pg_relation_size('orders_found') / current_setting('block_size')::bigint, 1)::float8 as pages
),
drawn as (
    select least(%(pages)s / pages, 1) as share
    from size
)
select count(*) / (select share from drawn)
from orders_found tablesample system ((select 100 * share from drawn)) repeatable (0)
where contact like all (%(likes)s::text[])
