-- Accounts in use whose owner's name begins so, in either case.
select account.id, lower(account.display_name) as name
from accounts_account as account
where account.state = 'ACTIVE'
  and account.display_name <> ''
  and lower(account.display_name) ~>=~ lower(%s::text)
  and lower(account.display_name) ~<~ (lower(%s::text) || chr(1114111))
order by name using ~<~, account.id
limit %s
