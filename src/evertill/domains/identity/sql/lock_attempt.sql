-- A sign-in that is under way, held: whoever goes on with the same at the same time comes after.
select id, account_id, kind, address, factors, code, code_factor, started_at, ends_at
from identity_attempt
where digest = %s::uuid and ended_at is null and ends_at > %s::timestamptz
for update
