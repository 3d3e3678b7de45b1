-- Adds to a claim's history; the claim is held, so its events are numbered one by one.
insert into claims_event (claim_id, position, kind, actor, happened_at)
select %(id)s::bigint, coalesce(max(position), -1) + 1, %(kind)s, %(actor)s, %(now)s::timestamptz
from claims_event
where claim_id = %(id)s::bigint
