-- Accounts in use whose name has all these parts, the latest first. Grams narrow down; the name itself decides.
select id, display_name
from accounts_account
where state = 'ACTIVE'
  and accounts_grams(lower(display_name collate "C")) @> %(grams)s::text[]
  and lower(display_name collate "C") like all (%(likes)s::text[])
order by id desc
limit %(limit)s
