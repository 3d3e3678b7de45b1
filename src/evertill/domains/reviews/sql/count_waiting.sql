-- How many reviews nobody has decided, and since when the oldest waits.
select
    (select count(*) from (select from reviews_review where ended_at is null order by opened_at limit %s) as counted),
    (select opened_at from reviews_review where ended_at is null order by opened_at, id limit 1)
