"""Writes our side of a day into a shop's books: `python -m bench.trade.books DATE LINES PLANTED SEED`."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
from collections.abc import Iterator
from itertools import groupby

import django
from psycopg.types.json import Jsonb

from bench.trade.day import Day, Payment, make
from evertill.domains import ledger
from evertill.domains.ledger import Transaction, standard
from evertill.kernel import db, ids
from evertill.kernel.money import Money

PROVIDER = "sandbox"
_SET = 1_000


def fill(day: Day) -> None:
    """This function will write payments, refunds and ledger entries, the entries as the shop itself posts them.

    Django is set up. Everything is committed set by set.
    """
    for booked_at, payments in groupby(sorted(day.payments, key=_moment), key=_moment):
        whole = list(payments)
        for first in range(0, len(whole), _SET):
            some = whole[first : first + _SET]
            with db.write():
                _write(some)
                ledger.post(transactions=[entry for one in some for entry in _entries(one)], now=booked_at)
    with db.raw().cursor() as cursor:
        for table in ("payments_intent", "payments_refund", "ledger_transaction"):
            cursor.execute(f"analyze {table}")


def _moment(payment: Payment) -> dt.datetime:
    return payment.booked_at


def _write(payments: list[Payment]) -> None:

    rows = [
        {
            "id": one.id,
            "order_id": one.id,
            "amount": one.asked,
            "captured": one.captured,
            "currency": "GBP" if one.captured else "",
            "refunded": one.refunded,
            "state": "CAPTURED" if one.captured else "PENDING",
            "ending": "MATCHED" if one.captured else "",
            "provider_id": one.provider_id,
            "created_at": one.booked_at.isoformat(),
            "refund_id": one.refund_id,
            "refund": f"ref_{one.refund_id}",
            "key": secrets.token_hex(16),
        }
        for one in payments
    ]
    with db.raw().cursor() as cursor:
        cursor.execute(_INTENTS, (PROVIDER, Jsonb(rows)))
        cursor.execute(_REFUNDS, (Jsonb([row for row in rows if row["refund_id"] is not None]),))


_INTENTS = """
insert into payments_intent
    (id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, ending, provider_id,
     reason, next_kind, next_value, created_at, look_at, looks, key_digest, body_digest)
select
    id, order_id, %s, 'page', state, amount, 'GBP', captured, currency, refunded, ending, provider_id, '', '', '',
    created_at, null, 0, key, key
from jsonb_to_recordset(%s) as one(
    id bigint, order_id bigint, state text, amount bigint, captured bigint, currency text, refunded bigint,
    ending text, provider_id text, created_at timestamptz, key uuid
)
"""
_REFUNDS = """
insert into payments_refund
    (id, intent_id, kind, state, amount, reason, actor, provider_id, requested_at, done_at, look_at, looks, key_digest)
select refund_id, id, 'SALE', 'SUCCEEDED', refunded, '', 'bench', refund, created_at, created_at, null, 0, key
from jsonb_to_recordset(%s) as one(
    id bigint, refund_id bigint, refunded bigint, refund text, created_at timestamptz, key uuid
)
"""


def _entries(payment: Payment) -> Iterator[Transaction]:

    def gbp(amount: int) -> Money:
        return Money(amount=amount, currency="GBP")

    number, order = payment.number, payment.order
    if payment.captured:
        yield standard.capture(reference=number, order=order, provider=PROVIDER, amount=gbp(payment.captured))
    if payment.fee:
        yield standard.fee(reference=number, provider=PROVIDER, amount=gbp(payment.fee))
    if payment.refund_id is not None:
        reference = ids.to_number(payment.refund_id)
        yield standard.refund(reference=reference, order=order, provider=PROVIDER, amount=gbp(payment.refunded))


if __name__ == "__main__":
    django.setup()
    fill(
        make(
            date=dt.date.fromisoformat(sys.argv[1]),
            lines=int(sys.argv[2]),
            planted=int(sys.argv[3]),
            seed=int(sys.argv[4]),
        )
    )
