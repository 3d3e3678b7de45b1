-- Keeps lines of a bill as they came, as long as their run is being fetched.
with fetching as (
    select id
    from reconciliation_run
    where id = %s
      and state = 'FETCHING'
    for share
)
insert into reconciliation_line
    (run_id, position, about, subject, payment, reference, provider_id, part_id, amount, currency, at)
select
    fetching.id,
    %s + came.place,
    came.about,
    came.subject,
    came.payment,
    came.reference,
    came.provider_id,
    came.part_id,
    came.amount,
    came.currency,
    came.at::timestamptz
from fetching
cross join unnest(
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[]
) with ordinality
    as came(about, subject, payment, reference, provider_id, part_id, amount, currency, at, place)
order by came.place
