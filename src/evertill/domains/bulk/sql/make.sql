-- Writes down what somebody would do to many things, and that nobody has begun.
insert into bulk_bulk (
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
)
values (
    %s::bigint, %s::text, %s::text, %s::text, %s::text, %s::text, %s::bytea, %s::integer, %s::integer, 'DRAFT',
    %s::timestamptz, null, '', null
)
