-- Adds records to a chain that this transaction holds, and moves its head. Nothing is added when the head has moved.
with moved as (
    update trail_chain
    set seq = %s::bigint, mac = %s::bytea
    where chain = %s::integer and seq = %s::bigint
    returning chain
)
insert into trail_record (
    form, chain, at, key_mark, seq, id, session_id, actor_kind, actor_id, roles, factors, place, operation,
    subject_kind, subject_id, before, after, why, outcome, mac
)
select
    %s::smallint, moved.chain, %s::timestamptz, %s::integer, seq, id, session_id, actor_kind, actor_id, roles, factors,
    place, operation, subject_kind, subject_id, before, after, why, outcome, mac
from moved
cross join unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[]
) as a(
    seq, id, session_id, actor_kind, actor_id, roles, factors, place, operation, subject_kind, subject_id, before,
    after, why, outcome, mac
)
