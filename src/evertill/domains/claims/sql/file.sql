-- Writes a new claim and its first event.
with filed as (
    insert into claims_claim (
        id, state, about, clues, contact, words, language, account_id, proofs, search, decision, order_id, answer,
        filed_at, searched_at, decided_at, decided_by, version
    )
    values (
        %(id)s, 'FILED', %(about)s, %(clues)s::jsonb, %(contact)s, %(words)s, %(language)s, %(account_id)s::bigint,
        %(proofs)s::jsonb, null, '', null, '', %(filed_at)s::timestamptz, null, null, '', 0
    )
    returning id
)
insert into claims_event (claim_id, position, kind, actor, happened_at)
select id, 0, 'claim.filed', %(actor)s, %(filed_at)s::timestamptz
from filed
