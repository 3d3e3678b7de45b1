-- The reviews that hold their orders: those that nobody has decided, and those that refused; but for those where only
-- something was noticed (types.NOTICED).
select order_id, id
from reviews_review
where state in ('WAITING', 'TAKEN', 'ASKED', 'REFUSED')
  and not reasons <@ array['LATE', 'MONEY', 'DISPUTE']::varchar[]
order by order_id, id
