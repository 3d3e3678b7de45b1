-- Payments whose state is not what their last move says, or whose moves have a gap; and moves without a payment.
with history as (
    select
        intent_id,
        max(position) as last,
        count(*) as moves,
        (array_agg(state order by position desc))[1] as state
    from payments_move
    group by intent_id
)
select coalesce(paid.id, history.intent_id) as intent_id, paid.state, history.state
from payments_intent as paid
full join history on history.intent_id = paid.id
where history.state is distinct from paid.state
   or history.last <> history.moves - 1
order by intent_id
