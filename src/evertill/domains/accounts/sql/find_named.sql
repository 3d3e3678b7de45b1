-- Accounts in use whose name has all these parts: grams narrow down, the name itself decides; and how many the grams
-- led to. The limit is in no sequence, as the index has none: where it is reached, none of these counts.
select array_agg(id) filter (where lower(display_name collate "C") like all (%(likes)s::text[])), count(*)
from (
    select id, display_name
    from accounts_account
    where state = 'ACTIVE'
      and accounts_grams(lower(display_name collate "C")) @> %(grams)s::text[]
    limit %(rows)s
) as account
