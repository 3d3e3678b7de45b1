-- Payments by an id that some provider gave them, whichever it is. The fence (offset 0) keeps it to one look into the
-- index for each provider.
select known.id
from unnest(%s::text[]) as a(provider)
cross join lateral (
    select id
    from payments_intent
    where provider = a.provider
      and provider_id = %s
      and provider_id <> ''
    offset 0
) as known
order by known.id
