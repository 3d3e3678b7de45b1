"""Show a customer: his account, how he is signed in, what he ordered, what he was told. Each look is on record.

Addresses are hidden until somebody says why he has to read them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import access, accounts, identity, messages, orders, submissions
from evertill.domains.access import Permission
from evertill.domains.accounts import Account, Address
from evertill.domains.identity import Browser, Factor, Recovery, Session
from evertill.domains.messages import Message
from evertill.domains.orders import Order
from evertill.domains.submissions import Submission
from evertill.domains.trail import Subject
from evertill.journeys.enrolled_factors import read_enrolled
from evertill.journeys.help_customer import CustomerGone
from evertill.journeys.permitted import Asker, looking

__all__ = ["Customer", "CustomerGone", "show_customer"]

_LIST_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer as the desk shows him; `addresses` are empty where they were not asked for, `hidden` never."""

    account: Account
    addresses: Sequence[Address]
    hidden: Sequence[str]
    factors: frozenset[Factor]
    is_staff: bool
    sessions: Sequence[tuple[Session, dt.datetime | None]]
    browsers: Sequence[Browser]
    recovery: Recovery | None
    orders: Sequence[Order]
    has_more_orders: bool
    submissions: Sequence[Submission]
    messages: Sequence[Message]


def show_customer(
    *, asker: Asker, account_id: int, now: dt.datetime, with_addresses: bool = False, why: str = ""
) -> Customer:
    """This function will return one customer, `with_addresses` for whoever says why; raises Forbidden, CustomerGone."""
    subject = Subject(kind="account", id=str(account_id))
    is_open = with_addresses and bool(why.strip())
    with looking(asker=asker, permission=Permission.CUSTOMERS_READ, subject=subject, why=why.strip(), now=now) as look:
        account = accounts.read(account_id=account_id)
        if account is None or account.state is not accounts.AccountState.ACTIVE:
            raise CustomerGone("There is no such account any more.")
        enrolled = read_enrolled(account)
        placed = orders.list_of_account(account_id=account_id, limit=_LIST_MAX + 1)
        if is_open:
            look.note(addresses=len(enrolled.addresses))
        return Customer(
            account=account,
            addresses=enrolled.addresses if is_open else (),
            hidden=[accounts.hidden(one.kind, one.text) for one in enrolled.addresses],
            factors=enrolled.factors,
            is_staff=access.is_staff(account_id=account_id),
            sessions=identity.sessions.list_kept(account_id=account_id, limit=_LIST_MAX),
            browsers=identity.browsers.list_known(account_id=account_id, now=now),
            recovery=identity.recoveries.find(account_id=account_id, now=now),
            orders=placed[:_LIST_MAX],
            has_more_orders=len(placed) > _LIST_MAX,
            submissions=submissions.list_of_account(account_id=account_id, limit=_LIST_MAX),
            messages=messages.read_of_account(account_id=account_id, limit=_LIST_MAX),
        )
