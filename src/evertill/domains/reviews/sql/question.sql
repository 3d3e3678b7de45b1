-- What an order's customer is asked at the moment, and what he answered: the columns that he may read, and no others.
select question, answer
from reviews_review
where order_id = %s
  and ended_at is null
  and question <> ''
