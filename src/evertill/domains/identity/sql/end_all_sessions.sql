-- Ends every session of the shop.
update identity_session
set ended_at = %s::timestamptz, why = %s
where ended_at is null
