"""The exam of claims: clues of somebody's order, as a stranger types them, and what the shop makes of them.

A number with one or two slips or only a part of it, an address with or without a slip, the end of a telephone number, a
payment's number, a day that is nearly right, an amount. Half of the orders are spoiled before: lost with all that
belongs to them but a receipt, their payment or the provider's bill, or altered. Nothing of it stays in the database.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import transaction

from evertill.domains import claims, orders, payments, receipts
from evertill.domains.claims import Finding, Source
from evertill.journeys.file_claim import About, AskedClaim, file_claim
from evertill.journeys.give_receipts import facts_of
from evertill.journeys.view_claim import view_claim
from evertill.kernel import clock, db, ids

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# So many of a hundred claims are about nothing that there is.
_MADE_UP = 5
_RIGHT_MIN = 0.99
_NUMBER = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}[0-9A-Z]\b")


@dataclass(slots=True, kw_only=True)
class Case:
    """What somebody misses: how it was spoiled, what he remembers, what has to come first; `proves` is by a receipt."""

    kind: str
    clues: dict[str, Any]
    is_right: Callable[[Finding], bool]
    proves: int | None = None


@dataclass(slots=True)
class Tally:
    """What came of all claims."""

    asked: int = 0
    right: int = 0
    spoiled: int = 0
    made_up: int = 0
    believed: int = 0
    shown: int = 0
    took: list[float] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)


def examine(*, count: int, seed: int) -> int:
    """This function will file claims about random orders, print the figures, and return 0 if they are as they must."""
    draw = random.Random(seed)
    ((total, low, high),) = db.fetch("select count(*), min(id), max(id) from orders_order")
    tally = Tally()
    for turn in range(count):
        ((order_id,),) = db.fetch(
            "select id from orders_order where id >= %s order by id limit 1", (draw.randint(low, high),)
        )
        order = orders.read_orders(order_ids=[order_id])[order_id]
        with _undone():
            _try(order, draw, tally, caller=f"{seed}.{turn}")
    tally.took.sort()
    print(f"{count} claims over {total:,} orders, seed {seed}; {tally.spoiled} of orders that were lost or altered")
    print(
        f"right one first: {tally.right} of {tally.asked} that have one ({100 * tally.right / tally.asked:.1f} %);"
        f" missed: {dict(tally.missed) or 'none'}"
    )
    print(f"taken for sure though there is none: {tally.believed} of {tally.made_up}")
    print(
        f"time of a claim, ms: median {statistics.median(tally.took) * 1000:.0f},"
        f" p95 {tally.took[int(len(tally.took) * 0.95)] * 1000:.0f}, longest {tally.took[-1] * 1000:.0f}"
    )
    print(f"claims that showed anything of another customer's: {tally.shown}")
    return 0 if tally.right >= _RIGHT_MIN * tally.asked and not tally.shown else 1


def _try(order: orders.Order, draw: random.Random, tally: Tally, *, caller: str) -> None:
    is_made_up = draw.randrange(100) < _MADE_UP
    is_spoiled = not is_made_up and draw.random() < 0.5
    case = _made_up(draw) if is_made_up else _spoiled(order, draw) if is_spoiled else _whole(order, draw)
    began = time.perf_counter()
    filed = file_claim(
        asked=AskedClaim(about=About.LOST_ORDER, contact=f"stranger{caller}@example.com", **case.clues),
        session=None,
        caller=caller,
        now=clock.now(),
    )
    tally.took.append(time.perf_counter() - began)
    claim = claims.queries.find(claim_id=filed.id)
    search = claim.search if claim is not None else None
    findings = search.findings if search is not None else ()
    if is_made_up:
        tally.made_up += 1
        tally.believed += search is not None and search.standing is claims.Standing.SURE
    else:
        tally.asked += 1
        tally.spoiled += is_spoiled
        is_right = bool(findings) and case.is_right(findings[0])
        tally.right += is_right
        tally.missed.update([] if is_right else [case.kind])
    tally.shown += _tells_a_stranger(filed.id, order, findings, proves=case.proves)


def _tells_a_stranger(claim_id: int, order: orders.Order, findings: tuple[Finding, ...], *, proves: int | None) -> bool:
    """Whether the claim's page says anything of an order, but for the number of one that a receipt proves."""
    page = view_claim(claim_id=claim_id)
    told = msgspec.json.encode(msgspec.structs.replace(page, clues=claims.Clues(), contact="", number="")).decode()
    known = orders.read_orders(order_ids=[one.order_id for one in findings if one.order_id is not None])
    people = [text for one in (order, *known.values()) for text in (one.email, one.phone) if text]
    numbers = set(_NUMBER.findall(told)) - ({ids.to_number(proves)} if proves is not None else set())
    return bool(numbers or any(text in told for text in people) or (page.found and proves is None))


@contextmanager
def _undone() -> Iterator[None]:
    """Whatever the block writes is taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    # A key that was made in it is in no table any more.
    receipts.forget_signer()


def _whole(order: orders.Order, draw: random.Random) -> Case:
    kind, clues = draw.choice(list(_clues(order, draw)))
    return Case(kind=kind, clues=clues, is_right=lambda found: found.order_id == order.id)


def _spoiled(order: orders.Order, draw: random.Random) -> Case:
    kinds = [_lost_with_receipt, _other_address, _other_total, _other_day]
    paid = payments.read_intents_of_orders(order_ids=[order.id]).get(order.id, [])
    if paid:
        kinds += [_lost_before_its_payment, _lost_with_its_payment]
    return draw.choice(kinds)(order, draw)


def _lost_with_receipt(order: orders.Order, _draw: random.Random) -> Case:
    now = clock.now()
    contact = receipts.contact_digest(order_id=order.id, email=order.email, phone=order.phone)
    facts, signer = facts_of(order), receipts.signer(now=now)
    batch = receipts.sign_batch(facts=[facts], contacts=[contact], signer=signer, now=now)
    receipts.ask_to_record(batch=batch, signer=signer).get()
    _lose(order)
    return Case(
        kind="lost; its receipt",
        clues={"receipt": receipts.texts.write_one(batch, facts=facts, index=0)},
        is_right=lambda found: found.source is Source.RECEIPT and found.order_id == order.id,
        proves=order.id,
    )


def _lost_before_its_payment(order: orders.Order, draw: random.Random) -> Case:
    paid = payments.read_intents_of_orders(order_ids=[order.id])[order.id][0]
    _lose(order)
    return Case(
        kind="lost; its payment stays, one slip",
        clues={"reference": _slip(paid.number.replace("-", ""), draw)},
        is_right=lambda found: found.source is Source.PAYMENT and found.order_id == order.id,
    )


def _lost_with_its_payment(order: orders.Order, draw: random.Random) -> Case:
    paid = payments.read_intents_of_orders(order_ids=[order.id])[order.id][0]
    run_id = ids.new_ids(1, now=clock.now(), randbits=draw.getrandbits)[0]
    date = order.placed_at.date()
    db.execute(
        "insert into reconciliation_run (id, provider, date, state, fetched_at, finished_at, passes, lines, matched,"
        " pending, differences) values (%s, 'bench', %s, 'FINISHED', %s, %s, 1, 1, 0, 0, 0)",
        (run_id, date, order.placed_at, order.placed_at),
    )
    db.execute(
        "insert into reconciliation_line (run_id, position, about, subject, payment, reference, provider_id, part_id,"
        " amount, currency, at) values (%s, 1, 'CAPTURE', %s, '', %s, %s, '', %s, %s, %s)",
        (run_id, paid.number, paid.number, f"at-{paid.number}", order.total, order.currency, order.placed_at),
    )
    _lose(order)
    db.execute("delete from payments_move where intent_id = %s", (paid.id,))
    db.execute("delete from payments_intent where order_id = %s", (order.id,))
    told = draw.choice([_slip(paid.number.replace("-", ""), draw), f"at-{paid.number}"])
    return Case(
        kind="lost with its payment; the bill",
        clues={"reference": told, "amount": order.total, "currency": order.currency},
        is_right=lambda found: found.source is Source.BILL and found.name == f"bench {date} line 1",
    )


def _other_address(order: orders.Order, draw: random.Random) -> Case:
    db.execute("update orders_order set email = 'altered@example.com', phone = '' where id = %s", (order.id,))
    return _by_number("altered: another address", order, draw, email=order.email)


def _other_total(order: orders.Order, draw: random.Random) -> Case:
    db.execute("update orders_order set total = total * 3 + 100 where id = %s", (order.id,))
    return _by_number("altered: another total", order, draw, amount=order.total, currency=order.currency)


def _other_day(order: orders.Order, draw: random.Random) -> Case:
    db.execute("update orders_order set placed_at = placed_at - interval '90 days' where id = %s", (order.id,))
    return _by_number("altered: another day", order, draw, date=order.placed_at.date(), email=order.email)


def _by_number(kind: str, order: orders.Order, draw: random.Random, **clues: Any) -> Case:  # noqa: ANN401 — as typed.
    number = _slip(ids.to_number(order.id).replace("-", ""), draw)
    return Case(kind=kind, clues={"number": number, **clues}, is_right=lambda found: found.order_id == order.id)


def _made_up(draw: random.Random) -> Case:
    """Clues of an order that never was."""
    ((moment,),) = db.fetch("select placed_at from orders_order order by id limit 1")
    (nobody,) = ids.new_ids(1, now=moment - dt.timedelta(days=400), randbits=draw.getrandbits)
    name = f"{draw.getrandbits(60):015x}"
    clues = draw.choice(
        [
            {"number": _slip(ids.to_number(nobody).replace("-", ""), draw)},
            {"email": f"{name}@nowhere.example.org"},
            {"reference": f"pi_{name}"},
        ]
    )
    return Case(kind="made up", clues=clues, is_right=lambda _found: False)


def _lose(order: orders.Order) -> None:
    for table in ("orders_found", "orders_line", "orders_event"):
        db.execute(f"delete from {table} where order_id = %s", (order.id,))  # noqa: S608 — a name of ours.
    db.execute("delete from orders_order where id = %s", (order.id,))


def _clues(order: orders.Order, draw: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """What somebody remembers of an order, as he would type it."""
    number = ids.to_number(order.id).replace("-", "")
    email, phone, total, currency, at = order.email, order.phone, order.total, order.currency, order.placed_at
    near = min(at.date() + dt.timedelta(days=draw.randint(-2, 2)), clock.now().date())
    money = {"amount": total, "currency": currency}
    yield "number, one slip", {"number": _slip(number, draw)}
    yield "number, two slips", {"number": _slip(_slip(number, draw), draw)}
    yield "number, a sign missing", {"number": number[:5] + number[6:]}
    yield "end of number, day", {"number": number[-6:], "date": near}
    yield "end of number", {"number": number[-8:]}
    yield "email, amount, day", {"email": email, "date": near, **money}
    yield "email with a slip, amount, day", {"email": _swap(email, draw), "date": near, **money}
    if phone:
        yield "phone, amount, day", {"phone": phone, "date": near, **money}
        yield "end of phone, amount, day", {"phone": phone[-6:], "date": at.date(), **money}
    paid = payments.read_intents_of_orders(order_ids=[order.id]).get(order.id, [])
    if paid:
        yield "payment, one slip", {"reference": _slip(paid[0].number.replace("-", ""), draw)}
        if paid[0].provider_id:
            yield "the provider's number, amount", {"reference": paid[0].provider_id, **money}


def _slip(number: str, draw: random.Random) -> str:
    place = draw.randrange(len(number))
    return number[:place] + draw.choice([sign for sign in _SIGNS if sign != number[place]]) + number[place + 1 :]


def _swap(email: str, draw: random.Random) -> str:
    place = draw.randrange(email.index("@") - 1)
    return email[:place] + email[place + 1] + email[place] + email[place + 2 :]
