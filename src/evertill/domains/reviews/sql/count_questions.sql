-- How often an order's customer was asked, in all its reviews.
select count(*)
from reviews_review as review
join reviews_move as moved on moved.review_id = review.id
where review.order_id = %s
  and moved.state = 'ASKED'
