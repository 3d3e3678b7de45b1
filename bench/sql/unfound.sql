-- What was written has numbers of long ago, which the finding may have passed: it begins anew, and skips what it knows.
update orders_finding
set behind = 0
