-- Keeps what was proved of a claim.
update claims_claim
set proofs = %s::jsonb,
    version = version + 1
where id = %s
