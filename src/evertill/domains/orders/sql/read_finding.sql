-- Behind which order the next ones are to be made findable.
select behind
from orders_finding
