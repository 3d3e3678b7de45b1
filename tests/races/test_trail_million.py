"""A million records: how long it takes to look through all of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import msgspec
import pytest

from evertill.domains import trail
from evertill.domains.trail import Record, rules
from evertill.kernel import crypto, db, ids
from tests.builders import NOON

pytestmark = [pytest.mark.drill, pytest.mark.usefixtures("committed_db")]

_RECORDS = 1_000_000
_SECONDS_MAX = 60
_FIELDS = Record.__struct_fields__
_CHAINS = 3


def _ids() -> Iterator[int]:
    # In pieces: taking many apart at once takes time with the square of their number.
    for piece in range(_RECORDS // 1_000):
        yield from ids.new_ids(1_000, now=NOON + dt.timedelta(minutes=piece))


def fill() -> None:
    """Records as `write_all` would make them, brought in as fast as PostgreSQL takes them."""
    mark, key = rules.key_of(crypto.derive_key("trail"))
    ends = dict.fromkeys(range(1, _CHAINS + 1), (0, rules.GENESIS))
    names = ", ".join(_FIELDS)
    with db.write(), db.raw().cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        with cursor.copy(f"copy trail_record ({names}) from stdin") as copy:
            for number, record_id in enumerate(_ids()):
                # The first chain is nearly always free.
                chain = 1 if number % 50 else 1 + number // 50 % _CHAINS
                seq, previous = ends[chain]
                record = Record(
                    rules.FORM,
                    chain,
                    seq + 1,
                    record_id,
                    NOON + dt.timedelta(seconds=number),
                    987_654_321_012,
                    "STAFF",
                    str(number % 40),
                    "administrator,finance",
                    "PASSKEY",
                    "203.0.113.0/24",
                    "orders.refund",
                    "order",
                    ids.to_number(record_id),
                    '{"amount":1250,"currency":"GBP","state":"PAID"}',
                    '{"amount":0,"currency":"GBP","state":"REFUNDED"}',
                    "came back broken, 客户要求退款",
                    "DONE",
                    mark,
                    b"",
                )
                record = msgspec.structs.replace(record, mac=rules.mac_of(record, previous=previous, key=key))
                copy.write_row(msgspec.structs.astuple(record))
                ends[chain] = seq + 1, record.mac
        cursor.executemany(
            "insert into trail_chain (chain, seq, mac) values (%s, %s, %s)",
            [(chain, seq, mac) for chain, (seq, mac) in ends.items()],
        )


def test_are_looked_through_within_a_minute() -> None:
    fill()
    db.execute("analyze trail_record")
    anchors = trail.read_heads()

    began = time.monotonic()
    with db.snapshot():
        found = list(trail.verify(anchors=anchors))
    seconds = time.monotonic() - began

    print(f"{_RECORDS} records verified in {seconds:.1f} s")
    assert found == []
    assert trail.count_records() == _RECORDS
    assert seconds <= _SECONDS_MAX
