-- Of the newest accounts, a bounded number, those in use whose name has all these parts, the latest first.
select id
from (
    select id, state, display_name
    from accounts_account
    order by id desc
    limit %(rows)s
) as account
where state = 'ACTIVE'
  and lower(display_name collate "C") like all (%(likes)s::text[])
order by id desc
limit %(limit)s
