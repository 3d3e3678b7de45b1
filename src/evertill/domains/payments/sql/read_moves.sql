-- How an order's payments came to their states, and who moved them.
select move.intent_id, move.position, move.state, move.actor, move.why, move.moved_at
from payments_intent as intent
join payments_move as move on move.intent_id = intent.id
where intent.order_id = %s
order by move.moved_at, move.intent_id, move.position
limit %s
