-- Ends a claim that its customer takes back.
update claims_claim
set state = 'WITHDRAWN',
    version = version + 1
where id = %s
  and state = any(%s::text[])
