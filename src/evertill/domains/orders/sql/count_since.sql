-- How many orders were placed since a moment. Identifiers begin with their minute, so only the newest are read.
select count(*) from orders_order where id >= %s::bigint and placed_at >= %s::timestamptz
