-- Removes what an account was told. What waits is still sent: it may be that the account was deleted.
delete from messages_message
where account_id = %s::bigint
  and state <> 'WAITING'
