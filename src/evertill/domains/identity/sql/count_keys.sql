-- How many keys there are; more than one means that a rotation is under way.
select count(*)
from identity_key
