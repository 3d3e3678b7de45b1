-- Keeps what a comparison found: a difference that is open is told anew, one that somebody accepted just as it is stays
-- accepted, and everything else is opened. Returns how many of each.
with found as (
    select
        came.id, came.about, came.subject, came.payment, came.kind, came.our_amount, came.our_currency,
        came.their_amount, came.their_currency
    from unnest(
        %(id)s::bigint[], %(about)s::text[], %(subject)s::text[], %(payment)s::text[], %(kind)s::text[],
        %(our_amount)s::bigint[], %(our_currency)s::text[], %(their_amount)s::bigint[], %(their_currency)s::text[]
    ) as came(id, about, subject, payment, kind, our_amount, our_currency, their_amount, their_currency)
),
accepted as (
    update reconciliation_difference as kept
    set run_id = %(run_id)s,
        run_pass = %(run_pass)s
    from (
        select distinct on (same.provider, same.date, same.about, same.subject) same.id
        from found
        cross join lateral (
            select id, provider, date, about, subject
            from reconciliation_difference
            where subject = found.subject
              and about = found.about
              and provider = %(provider)s
              and how = 'ACCEPTED'
              and date = %(date)s
              and kind = found.kind
              and (our_amount, our_currency) = (found.our_amount, found.our_currency)
              and (their_amount, their_currency) = (found.their_amount, found.their_currency)
            offset 0
        ) as same
        order by same.provider, same.date, same.about, same.subject, same.id
    ) as same
    where kept.id = same.id
      and kept.state = 'SETTLED'
    returning kept.about, kept.subject
),
opened as (
    insert into reconciliation_difference as kept
        (id, provider, date, about, subject, payment, kind, our_amount, our_currency, their_amount, their_currency,
         state, how, actor, why, found_at, settled_at, run_id, run_pass)
    select
        found.id, %(provider)s, %(date)s, found.about, found.subject, found.payment, found.kind, found.our_amount,
        found.our_currency, found.their_amount, found.their_currency, 'OPEN', '', '', '', %(now)s, null, %(run_id)s,
        %(run_pass)s
    from found
    where not exists (
        select 1
        from accepted
        where accepted.about = found.about
          and accepted.subject = found.subject
    )
    order by found.about, found.subject
    on conflict (provider, date, about, subject) where state = 'OPEN' do update
    set payment = excluded.payment,
        kind = excluded.kind,
        our_amount = excluded.our_amount,
        our_currency = excluded.our_currency,
        their_amount = excluded.their_amount,
        their_currency = excluded.their_currency,
        run_id = excluded.run_id,
        run_pass = excluded.run_pass
    returning kept.id
)
select (select count(*) from accepted), (select count(*) from opened)
