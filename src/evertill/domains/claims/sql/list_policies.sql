-- All versions of the policy, the newest first.
select version, rules::text, caps::text, declared_at, declared_by, why
from claims_policy
order by version desc
limit %s
