-- Takes who he was out of an account's claims: what was decided, and why, stays.
update claims_claim
set clues = '{}',
    contact = 'removed',
    words = '',
    answer = case when answer = '' then '' else 'removed' end,
    proofs = '{}',
    search = case when search is null then null else '{"standing": "NOTHING", "findings": []}'::jsonb end,
    account_id = null,
    state = case when state = 'ANSWERED' then state else 'WITHDRAWN' end,
    version = version + 1
where account_id = %s
