-- Payments by the ids that their provider gave them. The fence (offset 0) keeps it to one look into the index for each.
select a.provider_id, known.id
from unnest(%s::text[]) as a(provider_id)
cross join lateral (
    select id
    from payments_intent
    where provider = %s
      and provider_id = a.provider_id
      and provider_id <> ''
    offset 0
) as known
