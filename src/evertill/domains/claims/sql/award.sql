-- Records a compensation: one for each order and thing that went wrong.
insert into claims_award (
    id, claim_id, order_id, about, way, amount, currency, version, rule, delay_days, target_id, customer, given_at,
    given_by, approved_by, why
)
values (
    %(id)s, %(claim_id)s, %(order_id)s, %(about)s, %(way)s, %(amount)s, %(currency)s, %(version)s, %(rule)s,
    %(delay_days)s, %(target_id)s, %(customer)s::uuid, %(given_at)s::timestamptz, %(given_by)s, %(approved_by)s,
    %(why)s
)
on conflict (order_id, about) do nothing
