-- How many codes an order was given, and how many pieces it still waits for.
select
    (select count(*) from fulfilment_code where order_id = %s::bigint),
    (
        select coalesce(sum(pieces), 0)::bigint
        from fulfilment_due
        where order_id = %s::bigint and state = 'WAITING'
    )
