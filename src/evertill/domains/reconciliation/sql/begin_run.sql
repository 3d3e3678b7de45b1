-- Begins to fetch a bill. Another run for the same day that has not finished is over: whoever fetches for it finds out
-- when he wants to store more, and its lines go.
with given_up as (
    update reconciliation_run
    set state = 'FAILED'
    where provider = %(provider)s
      and date = %(date)s
      and state = 'FETCHING'
    returning id
),
dropped as (
    delete from reconciliation_line
    where run_id in (select id from given_up)
)
insert into reconciliation_run
    (id, provider, date, state, fetched_at, finished_at, passes, lines, matched, pending, differences)
values (%(id)s, %(provider)s, %(date)s, 'FETCHING', %(now)s, null, 0, 0, 0, 0, 0)
