-- Freezes things of a bulk, in their places behind those that are there. One with a code was refused and has ended.
insert into bulk_item (
    bulk_id, place, subject, label, content, before, after, state, code, note, tries, claimed_until, ended_at
)
select
    %(bulk_id)s::bigint,
    %(placed)s::bigint + asked.place,
    asked.subject,
    asked.label,
    asked.content,
    asked.before,
    asked.after,
    case when asked.code = '' then 'WAITING' else 'REFUSED' end,
    asked.code,
    asked.note,
    0,
    %(now)s::timestamptz,
    case when asked.code = '' then null else %(now)s::timestamptz end
from unnest(
    %(subjects)s::text[], %(labels)s::text[], %(contents)s::text[], %(befores)s::text[], %(afters)s::text[],
    %(codes)s::text[], %(notes)s::text[]
) with ordinality as asked(subject, label, content, before, after, code, note, place)
