"""A shop with a million orders, as customers and payment providers would have left it: `python -m bench.million URL`.

Who ordered what, when and how it ended is drawn in Python from a seed; PostgreSQL writes it set by set. Afterwards the
books add up: orders, lines, events, stock, payments, refunds and ledger, so that `evertill audit` finds nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from bench import database as db
from bench.database import SKU_FIRST, Database
from bench.race import Tell
from evertill.kernel import clock, ids

ORDERS = 1_000_000
SEED = 20261126
_SET_ORDERS = 50_000
_DAYS = 365
# One account for so many orders; of all orders so many belong to one.
_ORDERS_PER_ACCOUNT, _OF_ACCOUNTS = 20, 0.35
# Orders of the last minutes still wait for their money.
_OPEN_MIN = 25
_GIVEN = (
    "Anna", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Leo", "Mia",
    "Noah", "Olga", "Paul", "Rosa", "Samuel", "Tara", "Victor", "Wei", "Xin", "Yan", "Zoe", "Li", "Hua", "Ming",
    "Jun", "Fang", "Lei",
)  # fmt: skip
_FAMILY = (
    "Adler", "Brandt", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Huang", "Ivanova", "Jensen", "Keller",
    "Lindqvist", "Moreau", "Nguyen", "Okafor", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka", "Ueda", "Varga",
    "Weber", "Xu", "Young", "Zhang", "Zhao", "Chen", "Wang", "Liu", "Sun", "Zhou", "Wu", "Gao",
)  # fmt: skip
_HOSTS = (
    "example.org", "example.com", "example.net", "mail.example.org", "post.example.com", "work.example.net",
    "uni.example.edu", "firma.example.de", "boite.example.fr", "youxiang.example.cn",
)  # fmt: skip
_PROVIDERS = (("stripe", "page"), ("stripe", "page"), ("alipay", "qr"), ("wechat", "qr"), ("sandbox", "page"))
_CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "GBP", "GBP", "CNY")
_TABLES = (
    "accounts_account", "accounts_address", "orders_order", "orders_line", "orders_event", "stock_item",
    "stock_movement", "payments_intent", "payments_move", "payments_refund", "ledger_transaction", "ledger_balance",
)  # fmt: skip
_COLUMNS = (
    "id, number, placed_at, state, currency, email, phone, language, account_id, lines, good, provider, way,"
    " payment_id, payment, refund_id, refund, refunded_of"
)
_DRAWN = """
create temporary table drawn (
    id bigint, number text, placed_at timestamptz, state text, currency text, email text, phone text, language text,
    account_id bigint, lines int, good int, provider text, way text, payment_id bigint, payment text,
    refund_id bigint, refund text, refunded_of int
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who orders; `account_id` is None for a guest."""

    name: str
    email: str
    phone: str
    account_id: int | None = None


def fill(
    database: Database, *, orders: int = ORDERS, skus: int, now: dt.datetime, tell: Tell, seed: int = SEED
) -> None:
    """This function will store orders of the past year, with all that belongs to them, in an otherwise empty shop.

    The goods BENCH-1000 and on are there (`database.stock_goods`). The same seed and moment give the same orders.
    Afterwards the tables are vacuumed and analysed, and the shop's next sealing gives the orders receipts.
    """
    draw = random.Random(seed)
    since = max(now - dt.timedelta(days=_DAYS), ids.EPOCH)
    with psycopg.connect(database.url, autocommit=True, application_name="bench") as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("set work_mem = '128MB'")
        connection.execute(_DRAWN)
        people = _people(draw, orders=orders, now=now)
        _open_accounts(connection, people, since=since)
        for first in range(0, orders, _SET_ORDERS):
            count = min(_SET_ORDERS, orders - first)
            step = (now - since) / orders
            moments = [now - step * (orders - 1 - place) for place in range(first, first + count)]
            _write(connection, list(_orders(draw, moments, people, skus=skus, now=now)), skus=skus, now=now)
            tell(f"million: {first + count:,} of {orders:,} orders")
        for table in _TABLES:
            connection.execute(psycopg.sql.SQL("vacuum (analyze) {}").format(psycopg.sql.Identifier(table)))
    if db.query(database.url, "select from receipts_seal limit 1"):
        db.query(database.url, db.statement("before_receipts"))


def _people(draw: random.Random, *, orders: int, now: dt.datetime) -> list[Person]:
    count = max(orders // _ORDERS_PER_ACCOUNT, 1)
    numbers = ids.new_ids(count, now=now, randbits=draw.getrandbits)
    return [_person(draw, account_id=number, place=place) for place, number in enumerate(numbers)]


def _person(draw: random.Random, *, account_id: int | None = None, place: int) -> Person:
    given, family = draw.choice(_GIVEN), draw.choice(_FAMILY)
    email = f"{given}.{family}{place}@{draw.choice(_HOSTS)}"
    phone = f"+4915{place % 10}{draw.randrange(10_000_000):07d}" if draw.random() < 0.6 else ""
    # An account's addresses are its own.
    if account_id is not None:
        phone = f"+4917{place:08d}" if phone else ""
    return Person(name=f"{given} {family}", email=email.lower(), phone=phone, account_id=account_id)


def _open_accounts(connection: psycopg.Connection, people: list[Person], *, since: dt.datetime) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("create temporary table people (id bigint, name text, email text, phone text) on commit drop")
        # Tables with walls between customers take no copy.
        with cursor.copy("copy people (id, name, email, phone) from stdin") as copy:
            for person in people:
                copy.write_row((person.account_id, person.name, person.email, person.phone))
        cursor.execute(db.statement("million_accounts"), {"since": since})


def _orders(
    draw: random.Random, moments: list[dt.datetime], people: list[Person], *, skus: int, now: dt.datetime
) -> Iterator[tuple[object, ...]]:
    for moment in moments:
        order_id, payment_id, refund_id = ids.new_ids(3, now=moment, randbits=draw.getrandbits)
        # Some come again and again, most come once.
        if draw.random() < _OF_ACCOUNTS:
            who = people[int(len(people) * draw.random() ** 2)]
        else:
            who = _person(draw, place=draw.randrange(1_000_000))
        state = _state(draw, is_open=now - moment < dt.timedelta(minutes=_OPEN_MIN))
        provider, way = draw.choice(_PROVIDERS)
        refunded_of = 1 if state == "REFUNDED" else 3 if state == "PAID" and draw.random() < 0.02 else 0
        has_payment = state in ("PAID", "REFUNDED") or draw.random() < 0.5
        yield (
            order_id, ids.to_number(order_id), moment, state, draw.choice(_CURRENCIES), who.email, who.phone,
            draw.choice(("en", "en", "zh-hans", "")), who.account_id, draw.choice((1, 1, 1, 2, 2, 3)),
            draw.randrange(skus), provider, way, payment_id if has_payment else None, ids.to_number(payment_id),
            refund_id if refunded_of else None, ids.to_number(refund_id), refunded_of,
        )  # fmt: skip


def _state(draw: random.Random, *, is_open: bool) -> str:
    chance = draw.random()
    if is_open and chance < 0.5:
        return "PLACED"
    if chance < 0.80:
        return "PAID"
    if chance < 0.83:
        return "REFUNDED"
    return "EXPIRED" if chance < 0.95 else "CANCELLED"


def _write(connection: psycopg.Connection, rows: list[tuple[object, ...]], *, skus: int, now: dt.datetime) -> None:
    shared = {"sku_first": SKU_FIRST, "skus": skus, "now": now}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("truncate drawn")
        with cursor.copy(f"copy drawn ({_COLUMNS}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("analyze drawn")
        for part in ("million_orders", "million_stock", "million_payments", "million_books"):
            cursor.execute(db.statement(part), shared)


def main() -> None:
    """This function will fill the database whose address it is given; it has to be migrated, and otherwise empty."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("url", help="address of the database, as the role that owns its tables")
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--skus", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    database = Database(url=asked.url, admin_url=asked.url)
    db.stock_goods(database, count=asked.skus)
    fill(database, orders=asked.orders, skus=asked.skus, now=clock.now(), tell=print, seed=asked.seed)


if __name__ == "__main__":
    main()
