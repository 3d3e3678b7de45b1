-- Adds to an open review why it is needed too.
update reviews_review
set reasons = array_append(reasons, %(reason)s),
    detail = left(case when detail = '' then %(detail)s else detail || '; ' || %(detail)s end, 500)
where id = %(id)s
  and ended_at is null
  and not reasons @> array[%(reason)s]::varchar[]
