-- Answers a claim.
update claims_claim
set state = 'ANSWERED',
    decision = %(decision)s,
    order_id = %(order_id)s::bigint,
    answer = %(answer)s,
    decided_at = %(now)s::timestamptz,
    decided_by = %(actor)s,
    version = version + 1
where id = %(id)s
  and state = any(%(allowed)s::text[])
