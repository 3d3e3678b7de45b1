-- Whether consents can be read at all: in a shop whose files are damaged they may not.
select id
from recovery_consent
order by id
limit 100
