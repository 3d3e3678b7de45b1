-- An account's claims, the latest first.
select
    id, state, about, clues::text, contact, words, language, account_id, proofs::text, search::text, decision,
    order_id, answer, filed_at, searched_at, decided_at, decided_by, version
from claims_claim
where account_id = %s
order by filed_at desc, id desc
limit %s
