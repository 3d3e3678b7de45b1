-- Claims in whatever state, the latest first, from behind one of them on.
select
    id, state, about, clues::text, contact, words, language, account_id, proofs::text, search::text, decision,
    order_id, answer, filed_at, searched_at, decided_at, decided_by, version
from claims_claim
where (filed_at, id) < (%(behind_at)s::timestamptz, %(behind_id)s::bigint)
order by filed_at desc, id desc
limit %(limit)s
