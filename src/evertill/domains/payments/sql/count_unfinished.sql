-- Payments and refunds that are still followed, up to a number of each.
select
    (select count(*) from (select from payments_intent where look_at is not null limit %s) as counted),
    (select count(*) from (select from payments_refund where look_at is not null limit %s) as counted)
