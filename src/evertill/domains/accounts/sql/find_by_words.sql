-- Accounts in use with words in their owner's name that begin so, in any order; the index has each word.
select account.id
from accounts_account as account
where account.state = 'ACTIVE'
  and to_tsvector('simple'::regconfig, coalesce(account.display_name, '')) @@ to_tsquery('simple'::regconfig, %s::text)
order by account.id
limit %s
