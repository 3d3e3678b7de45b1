-- Orders that are findable, by parts of an address or number: grams narrow down, the text itself decides; and how many
-- the grams led to. The limit is in no sequence, as the index has none: where it is reached, none of these counts.
select array_agg(order_id) filter (where contact like all (%(likes)s::text[])), count(*)
from (
    select order_id, contact
    from orders_found
    where orders_grams(contact) @> %(grams)s::text[]
    limit %(rows)s
) as f
