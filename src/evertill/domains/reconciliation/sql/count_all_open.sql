-- How many differences are open of all days, up to a limit.
select count(*)
from (
    select id
    from reconciliation_difference
    where state = 'OPEN'
    order by provider, date, about, subject
    limit %s
) as open
