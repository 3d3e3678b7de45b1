-- What was given for an order, to a customer in a month, and to all in it, in minor units of one currency.
select
    (select coalesce(sum(amount), 0)::bigint from claims_award
     where order_id = %(order_id)s and currency = %(currency)s),
    (select coalesce(sum(amount), 0)::bigint from claims_award
     where customer = %(customer)s::uuid and currency = %(currency)s
       and given_at >= %(month)s::timestamptz and given_at < %(next_month)s::timestamptz),
    (select coalesce(sum(amount), 0)::bigint from claims_award
     where currency = %(currency)s
       and given_at >= %(month)s::timestamptz and given_at < %(next_month)s::timestamptz)
