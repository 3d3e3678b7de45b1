-- Every record, chain by chain, as it was written.
select
    form, chain, seq, id, at, session_id, actor_kind, actor_id, roles, factors, place, operation, subject_kind,
    subject_id, before, after, why, outcome, key_mark, mac
from trail_record
order by chain, seq, id
