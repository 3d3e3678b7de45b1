-- Orders of a stretch of time, by their identifiers, with an amount, the end of a telephone number, or signs somewhere
-- in their number; what does not matter is null, or empty.
select id
from orders_order
where id between %(low)s and %(high)s
  and placed_at between %(first)s::timestamptz and %(last)s::timestamptz
  and (%(least)s::bigint is null or total between %(least)s and %(most)s)
  and (%(tail)s = '' or phone like '%%' || %(tail)s)
  and (
      cardinality(%(shifts)s::integer[]) = 0
      or exists (
          select
          from unnest(%(shifts)s::integer[], %(masks)s::bigint[], %(values)s::bigint[]) as part(shift, mask, value)
          where id >> part.shift & part.mask = part.value
      )
  )
order by id desc
limit %(limit)s
