-- Adds a version of the policy; who was slower violates the primary key.
insert into claims_policy (version, rules, caps, declared_at, declared_by, why)
values (%(version)s, %(rules)s::jsonb, %(caps)s::jsonb, %(now)s::timestamptz, %(actor)s, %(why)s)
on conflict (version) do nothing
