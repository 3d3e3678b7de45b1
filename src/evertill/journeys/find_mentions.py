"""Find mentions: where the words that staff typed name a customer, before he is deleted; and take out what may go.

Looked through is what was typed about his account, his orders, and the payments, refunds, reviews and approvals of
these; and when staff ask, every column that staff type freely, whatever it is about (kernel/typed.py): others' orders,
alerts, stock, prices, settings. What the audit trail has stays, as it was typed (decision 0043), and so does what is
about something else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice

from evertill.domains import accounts, approvals, orders, payments, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.trail import Subject
from evertill.journeys.help_customer import CustomerGone
from evertill.journeys.messages_of_orders import refunds_of
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import ids
from evertill.kernel.typed import Typed, search_typed

__all__ = ["MENTIONS_MAX", "Mention", "Where", "find_mentions", "forget_mentions", "mentions_of"]

# So many of his orders, the latest, and of the texts of one kind about them.
_ORDERS_MAX, _TEXTS_MAX = 1_000, 2_000
MENTIONS_MAX = 100


class Where(StrEnum):
    """Where somebody typed something."""

    TRAIL = "TRAIL"
    REFUND = "REFUND"
    APPROVAL = "APPROVAL"
    # In a text about something else; the mention says in which table.
    ELSEWHERE = "ELSEWHERE"


_TABLES = {Where.TRAIL: "trail_record", Where.REFUND: "payments_refund", Where.APPROVAL: "approvals_approval"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A text that may name a customer, and whether it stays when he is deleted. `number` is that of where it stands.

    Of one that is about something else, `table` says where it is, and `key` which row.
    """

    where: Where
    id: int
    text: str
    stays: bool
    at: dt.datetime | None = None
    table: str = ""
    key: str = ""

    @property
    def number(self) -> str:
        return f"{self.table} {self.key}" if self.table else ids.to_number(self.id)


def find_mentions(*, asker: Asker, account_id: int, now: dt.datetime) -> list[Mention]:
    """This function will return where words of staff may name a customer, up to `MENTIONS_MAX`.

    Raises Forbidden and CustomerGone.
    """
    subject = Subject(kind="account", id=str(account_id))
    thing = Thing(kind="account", id=str(account_id), owner=account_id)
    with permitted(asker=asker, permission=Permission.CUSTOMERS_DELETE, subject=subject, thing=thing, now=now):
        account = accounts.read(account_id=account_id)
        if account is None or account.state is not accounts.AccountState.ACTIVE:
            raise CustomerGone("There is no such account any more.")
        found = mentions_of(account_id=account_id, now=now, everywhere=True)
        trail.write(
            actor=asker.actor,
            operation="customers.find_mentions",
            subject=subject,
            after={"found": len(found)},
            now=now,
        )
    return found


def mentions_of(*, account_id: int, now: dt.datetime, everywhere: bool = False) -> list[Mention]:
    """This function will return where words of staff may name a customer, in the caller's transaction.

    `everywhere` looks also through what is about something else, which reads whole tables.
    """
    account = accounts.read(account_id=account_id)
    placed = orders.list_of_account(account_id=account_id, limit=_ORDERS_MAX)
    addresses = {one.text for one in accounts.read_addresses(account_id=account_id)}
    addresses |= {contact for one in placed for contact in (one.email, one.phone) if contact}
    name, order_ids = account.display_name if account else "", [one.id for one in placed]
    is_named = partial(accounts.is_named, name=name, addresses=sorted(addresses))
    found = list(islice(_named(account_id, order_ids, is_named, now=now), MENTIONS_MAX))
    if everywhere:
        texts = search_typed(
            words=accounts.words_of(name=name, addresses=sorted(addresses)),
            own={"account_id": [account_id], "order_id": order_ids},
            limit=_TEXTS_MAX,
        )
        found += islice(_elsewhere(texts, is_named, known=found), MENTIONS_MAX - len(found))
    return found


def _elsewhere(
    texts: Iterator[Typed], is_named: Callable[[str], bool], *, known: Sequence[Mention]
) -> Iterator[Mention]:
    """What is not known already, each row once, and of the trail as of all of it."""
    seen = {(_TABLES[one.where], str(one.id)) for one in known}
    for text in texts:
        if (text.table, text.key) in seen or not is_named(text.text):
            continue
        seen.add((text.table, text.key))
        if text.table == _TABLES[Where.TRAIL]:
            yield Mention(where=Where.TRAIL, id=int(text.key), text=text.text, stays=True)
        else:
            yield Mention(where=Where.ELSEWHERE, id=0, text=text.text, stays=True, table=text.table, key=text.key)


def forget_mentions(*, mentions: Sequence[Mention], now: dt.datetime) -> list[Mention]:
    """This function will take out what may go, in the caller's transaction, and return what stays."""
    goes = [one for one in mentions if not one.stays]
    payments.forget_reasons(refund_ids=[one.id for one in goes if one.where is Where.REFUND])
    approvals.forget_words(approval_ids=[one.id for one in goes if one.where is Where.APPROVAL], now=now)
    return [one for one in mentions if one.stays]


def _named(
    account_id: int, order_ids: Sequence[int], is_named: Callable[[str], bool], *, now: dt.datetime
) -> Iterator[Mention]:
    by_order, by_payment = refunds_of(order_ids) if order_ids else ({}, {})
    refunds = [one for some in by_payment.values() for one in some]
    numbers = ids.to_numbers(order_ids)
    subjects = [f"account:{account_id}", *(f"order:{number}" for number in numbers)]
    asked = approvals.find_about(subjects=subjects, limit=_TEXTS_MAX)
    for refund in refunds:
        if is_named(refund.reason):
            yield Mention(where=Where.REFUND, id=refund.id, text=refund.reason, stays=False)
    for one in asked:
        text = next((text for text in (one.why, one.decision, one.content) if is_named(text)), "")
        if text:
            is_open = one.state in (approvals.State.WAITING, approvals.State.APPROVED) and one.expires_at > now
            yield Mention(where=Where.APPROVAL, id=one.id, text=text, stays=is_open, at=one.asked_at)
    about = {
        "account": [str(account_id)],
        "order": numbers,
        "review": numbers,
        "payment": [intent.number for some in by_order.values() for intent in some],
        "refund": [refund.number for refund in refunds],
        "approval": [str(one.id) for one in asked],
    }
    for kind, names in about.items():
        for reason in trail.read_reasons(subject_kind=kind, subject_ids=names, limit=_TEXTS_MAX):
            if is_named(reason.why):
                yield Mention(where=Where.TRAIL, id=reason.id, text=reason.why, stays=True, at=reason.at)
