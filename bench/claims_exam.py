"""The exam of claims: clues of somebody's order, as a stranger types them, and what the shop makes of them.

A number with one or two slips or only a part of it, an address with or without a slip, the end of a telephone number, a
payment's number, a day that is nearly right, an amount.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from collections import Counter
from typing import Any

import msgspec

from evertill.domains import claims, orders, payments
from evertill.journeys.file_claim import About, AskedClaim, file_claim
from evertill.journeys.view_claim import view_claim
from evertill.kernel import clock, db, ids

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def examine(*, count: int, seed: int) -> int:
    """This function will file claims about random orders, print the figures, and return 0 if they are as they must."""
    draw = random.Random(seed)
    ((total, low, high),) = db.fetch("select count(*), min(id), max(id) from orders_order")
    right, shown, took, missed = 0, 0, [], Counter[str]()
    for turn in range(count):
        ((order_id,),) = db.fetch(
            "select id from orders_order where id >= %s order by id limit 1", (draw.randint(low, high),)
        )
        order = orders.read_orders(order_ids=[order_id])[order_id]
        kind, clues = _clues(order, draw)
        began = time.perf_counter()
        filed = file_claim(
            asked=AskedClaim(about=About.LOST_ORDER, contact=f"stranger{seed}.{turn}@example.com", **clues),
            session=None,
            caller=f"{seed}.{turn}",
            now=clock.now(),
        )
        took.append(time.perf_counter() - began)
        claim = claims.queries.find(claim_id=filed.id)
        search = claim.search if claim is not None else None
        if search is not None and search.findings and search.findings[0].order_id == order_id:
            right += 1
        else:
            missed[kind] += 1
        page = view_claim(claim_id=filed.id)
        told = msgspec.json.encode(msgspec.structs.replace(page, clues=claims.Clues())).decode()
        # The phone is looked for only where there is one.
        secrets = [ids.to_number(order_id), *(text for text in (order.email, order.phone) if text)]
        shown += bool(page.found or page.answered or any(secret in told for secret in secrets))
    took.sort()
    print(f"{count} claims over {total:,} orders, seed {seed}")
    print(f"right order first: {right} of {count} ({100 * right / count:.1f} %); missed: {dict(missed) or 'none'}")
    print(
        f"time of a claim, ms: median {statistics.median(took) * 1000:.0f},"
        f" p95 {took[int(len(took) * 0.95)] * 1000:.0f}, longest {took[-1] * 1000:.0f}"
    )
    print(f"claims that showed the stranger anything: {shown}")
    return 0 if right >= 0.99 * count and not shown else 1


def _clues(order: orders.Order, draw: random.Random) -> tuple[str, dict[str, Any]]:
    """What somebody remembers of an order, as he would type it."""
    number = ids.to_number(order.id).replace("-", "")
    email, phone, total, currency, at = order.email, order.phone, order.total, order.currency, order.placed_at
    near = min(at.date() + dt.timedelta(days=draw.randint(-2, 2)), clock.now().date())
    money = {"amount": total, "currency": currency}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("number, one slip", {"number": _slip(number, draw)}),
        ("number, two slips", {"number": _slip(_slip(number, draw), draw)}),
        ("number, a sign missing", {"number": number[:5] + number[6:]}),
        ("end of number, day", {"number": number[-6:], "date": near}),
        ("end of number", {"number": number[-8:]}),
        ("email, amount, day", {"email": email, "date": near, **money}),
        ("email with a slip, amount, day", {"email": _swap(email, draw), "date": near, **money}),
    ]
    if phone:
        kinds.append(("phone, amount, day", {"phone": phone, "date": near, **money}))
        kinds.append(("end of phone, amount, day", {"phone": phone[-6:], "date": at.date(), **money}))
    paid = payments.read_intents_of_orders(order_ids=[order.id]).get(order.id, [])
    if paid:
        kinds.append(("payment, one slip", {"reference": _slip(paid[0].number.replace("-", ""), draw)}))
        if paid[0].provider_id:
            kinds.append(("the provider's number, amount", {"reference": paid[0].provider_id, **money}))
    return draw.choice(kinds)


def _slip(number: str, draw: random.Random) -> str:
    place = draw.randrange(len(number))
    return number[:place] + draw.choice([sign for sign in _SIGNS if sign != number[place]]) + number[place + 1 :]


def _swap(email: str, draw: random.Random) -> str:
    place = draw.randrange(email.index("@") - 1)
    return email[:place] + email[place + 1] + email[place] + email[place + 2 :]
