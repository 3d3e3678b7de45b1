-- How many claims of a contact wait. The hash is what the index knows; the contact itself decides.
select count(*)
from claims_claim
where state in ('FILED', 'FOUND', 'NOTHING')
  and hashtextextended(contact, 0) = hashtextextended(%(contact)s::text, 0)
  and contact = %(contact)s
