-- How many of those that were made findable last have these parts in their contact.
select count(*)
from (
    select contact
    from orders_found
    order by order_id desc
    limit %(rows)s
) as f
where contact like all (%(likes)s::text[])
