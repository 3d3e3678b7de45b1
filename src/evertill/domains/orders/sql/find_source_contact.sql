-- Orders that are findable, by a part of an address or number: grams narrow down, the order itself is looked at.
from orders_found as f
join orders_order as o on o.id = f.order_id
where f.order_id < %(behind)s::bigint
  and o.id < %(behind)s::bigint
  and orders_grams(f.contact) @> %(source_grams)s::text[]
  and f.contact like %(source_like)s::text
