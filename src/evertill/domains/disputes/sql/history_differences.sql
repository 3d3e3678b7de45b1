-- Disputes whose state is not what their last move says, or whose moves do not begin with OPENED or have a gap; and
-- moves without a dispute.
with history as (
    select
        dispute_id,
        max(position) as last,
        count(*) as moves,
        (array_agg(state order by position))[1] as opened_by,
        (array_agg(state order by position desc))[1] as state
    from disputes_move
    group by dispute_id
)
select coalesce(disputed.id, history.dispute_id) as dispute_id, disputed.state, history.state
from disputes_dispute as disputed
full join history on history.dispute_id = disputed.id
where history.state is distinct from disputed.state
   or history.opened_by <> 'OPENED'
   or history.last <> history.moves - 1
order by dispute_id
