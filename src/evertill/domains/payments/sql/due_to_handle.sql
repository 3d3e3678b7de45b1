-- Providers that have webhooks which wait to be handled.
select distinct provider
from payments_event
where look_at <= %s::timestamptz
order by provider
