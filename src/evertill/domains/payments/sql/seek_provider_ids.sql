-- Payments by an id that some provider gave them, whichever it is, also one that the shop has left. The providers are
-- the few that the index begins with, found by a look for each; the fence (offset 0) keeps it to one look for the id.
with recursive known(provider) as (
    (select provider from payments_intent where provider_id <> '' order by provider limit 1)
    union all
    select (
        select provider
        from payments_intent
        where provider_id <> ''
          and provider > known.provider
        order by provider
        limit 1
    )
    from known
    where known.provider is not null
)
select paid.id
from known
cross join lateral (
    select id
    from payments_intent
    where provider = known.provider
      and provider_id = %s
      and provider_id <> ''
    offset 0
) as paid
order by paid.id
