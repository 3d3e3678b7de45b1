"""Help a customer: what every help on his account begins with. Who works for the shop is helped at its machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from evertill.domains import access, accounts
from evertill.domains.access import Permission, Thing
from evertill.domains.accounts import Account
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel.errors import EvertillError


class CustomerGone(EvertillError):
    """No account in use has this number."""

    code = "CUSTOMER_GONE"
    status = "not_found"
    remedy = "Search for the customer again; the account may have been deleted."


class WorksHere(EvertillError):
    """The account works for the shop."""

    code = "WORKS_HERE"
    status = "conflict"
    remedy = "Whoever runs the shop's machine helps those who work for the shop."


@contextmanager
def helping(*, asker: Asker, account_id: int, now: dt.datetime) -> Iterator[Account]:
    """One transaction that holds a customer's account, for who may help; raises Forbidden, CustomerGone, WorksHere.

    Nobody is helped so who works for the shop: whoever may help customers could shut his own bosses out.
    """
    with permitted(
        asker=asker,
        permission=Permission.CUSTOMERS_HELP,
        subject=Subject(kind="account", id=str(account_id)),
        thing=Thing(kind="account", id=str(account_id), owner=account_id),
        now=now,
    ):
        account = accounts.lock(account_id=account_id)
        if account is None:
            raise CustomerGone("There is no such account any more.")
        if access.is_staff(account_id=account_id):
            raise WorksHere("This account works for the shop.")
        yield account
