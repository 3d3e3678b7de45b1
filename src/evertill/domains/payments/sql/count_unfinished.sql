-- Payments and refunds that are still followed, up to a number of each.
select
    (
        select count(*)
        from (select id from payments_intent where look_at is not null order by look_at, id limit %s) as counted
    ),
    (
        select count(*)
        from (select id from payments_refund where look_at is not null order by look_at, id limit %s) as counted
    )
