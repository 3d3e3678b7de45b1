-- Writes down what came to be known of a dispute; what is not told stays as it was.
update disputes_dispute
set evidence_due_at = coalesce(%(due_at)s::timestamptz, evidence_due_at),
    fee = case when fee = 0 then %(fee)s::bigint else fee end
where id = %(dispute_id)s
