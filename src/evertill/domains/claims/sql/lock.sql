-- One claim, held until the transaction ends.
select
    id, state, about, clues::text, contact, words, language, account_id, proofs::text, search::text, decision,
    order_id, answer, filed_at, searched_at, decided_at, decided_by, version
from claims_claim
where id = %s
for no key update
