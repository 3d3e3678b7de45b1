-- Ends the sessions of everybody.
update identity_session
set ended_at = %s::timestamptz, why = %s
where ended_at is null and ends_at > %s::timestamptz
