-- Accounts in use whose owner's name begins so, in either case.
select account.id
from accounts_account as account
where account.state = 'ACTIVE'
  and account.display_name <> ''
  and lower(account.display_name) ~>=~ lower(%s::text)
  and lower(account.display_name) ~<~ (lower(%s::text) || chr(1114111))
order by lower(account.display_name) using ~<~, account.id
limit %s
