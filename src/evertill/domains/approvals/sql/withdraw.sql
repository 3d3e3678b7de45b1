-- Takes back what waits; what was approved is spent or grows too old.
update approvals_approval
set state = 'WITHDRAWN'
where id = %s::bigint and asked_by = %s::text and state = 'WAITING'
