-- The policy of a version, or the newest.
select version, rules::text, caps::text, declared_at, declared_by, why
from claims_policy
where %(version)s::integer is null
   or version = %(version)s::integer
order by version desc
limit 1
