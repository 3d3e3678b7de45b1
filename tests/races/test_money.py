"""Payments end well: whatever Sandbox does to them, and whatever of the shop is killed meanwhile.

Afterwards the shop's books are compared with what Sandbox knows: every payment is final on both sides, every order was
paid with the money of exactly one payment or has all of it back, and the ledger is off by nothing.
"""

from __future__ import annotations

import dataclasses
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from evertill.kernel import ids
from tests.kernel.waiting import open_folder, until
from tests.races.payers import Public
from tests.shop import READY_SECONDS, Shop, shop_in

_ORDERS = 300
_ORDERS_OF_A_DRILL = 20_000
_TARGETS = (*["web-1", "web-2"] * 3, *["jobs", "postgresql", "backend"] * 2, "sandbox")
# Everything that a shop waits for is shorter here than by default, or the exam would mostly wait.
_SHORT = {
    "provider_timeout_ms": "300",
    "provider_rest_s": "1",
    "follow_every_s": "2",
    "follow_wait_s": "1",
    "job_heartbeat_s": "1",
    "job_stalled_s": "4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of everything; seconds."""

    orders: int
    # Customers at a time.
    threads: int
    reservation_s: int
    payment_s: int
    late_s: float
    follow_wait_s_max: int
    # Between two kills, and between two mixtures of faults.
    kill_s: tuple[float, float]
    mix_s: float
    serve_s: float
    final_s: float


_SMALL = Size(
    orders=_ORDERS, threads=16, reservation_s=60, payment_s=6, late_s=3, follow_wait_s_max=4,
    kill_s=(1.5, 3.0), mix_s=2, serve_s=600, final_s=600,
)  # fmt: skip
_LARGE = Size(
    orders=_ORDERS_OF_A_DRILL, threads=48, reservation_s=45, payment_s=150, late_s=110, follow_wait_s_max=20,
    kill_s=(5.0, 20.0), mix_s=8, serve_s=1500, final_s=420,
)  # fmt: skip


@pytest.fixture
def size(pytestconfig: pytest.Config) -> Size:
    given: int | None = pytestconfig.getoption("orders")
    size = _LARGE if pytestconfig.getoption("drill") else _SMALL
    return dataclasses.replace(size, orders=given or size.orders)


@pytest.fixture
def shop(size: Size) -> Iterator[Shop]:
    settings = {
        **_SHORT,
        "reservation_s": str(size.reservation_s),
        "payment_s": str(size.payment_s),
        "follow_wait_s_max": str(size.follow_wait_s_max),
    }
    with open_folder() as folder, shop_in(folder / "data", sandbox=True, settings=settings) as shop:
        yield shop


@dataclass(frozen=True, slots=True)
class AtSandbox:
    """What the exam's master tells Sandbox, with the shop's own key."""

    client: httpx.Client

    def post(self, path: str, body: Mapping[str, Any]) -> bool:
        """Say something, and whether it was heard: Sandbox is killed now and then, too."""
        try:
            return self.client.post(path, json=body).is_success
        except httpx.HTTPError:
            return False

    def payments(self) -> list[dict[str, Any]]:
        """What Sandbox believes of every payment, whatever it told."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.client.get("/v1/ledger", params={"cursor": cursor}).raise_for_status().json()
            found += page["payments"]
            if page["next_cursor"] is None:
                return found
            cursor = page["next_cursor"]


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[AtSandbox]:
    """Sandbox, once the shop has started it."""
    shop.start()
    file = shop.folder / "sandbox" / "sandbox-keys.json"
    until(file.exists)
    key = json.loads(file.read_text(encoding="utf-8"))["secret_key"]
    with httpx.Client(
        base_url=f"http://127.0.0.1:{shop.sandbox_port}",
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
        timeout=60,
    ) as client:
        until(lambda: _answers(client))
        yield AtSandbox(client)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.HTTPError:
        return False


def mixture(dice: random.Random) -> dict[str, float]:
    """How often each fault strikes for a while: all of them, some much more than others; now and then nothing works."""
    if dice.random() < 0.12:
        return {dice.choice(["down", "closed", "slow"]): 1.0}
    calls = ("slow", "down", "closed", "timeout_after")
    money = ("wrong_amount", "wrong_currency", "partial_capture")
    told = ("webhook_lost", "webhook_doubled", "webhook_late", "webhook_forged", "webhook_out_of_order")
    return {
        **{name: dice.choice([0.005, 0.01, 0.03, 0.1]) for name in calls},
        **{name: dice.choice([0.01, 0.03, 0.06]) for name in money},
        "dispute_later": dice.choice([0.01, 0.04]),
        **{name: dice.choice([0.05, 0.15, 0.4]) for name in told},
    }


class TestMoney:
    def test_ends_well_whatever_happens(
        self, shop: Shop, sandbox: AtSandbox, seed: int, size: Size, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def say(line: str) -> None:
            with capsys.disabled():
                print(line, flush=True)

        say(f"\nmoney: {size.orders:,} orders; replay with make drill SEED={seed} ORDERS={size.orders}")
        dice = random.Random(seed)
        plenty, scarce = [f"P-{n}" for n in range(20)], [f"S-{n}" for n in range(8)]
        shop.stock_up([(sku, 10_000_000) for sku in plenty] + [(sku, 40) for sku in scarce])
        public = Public(
            shop=shop, seed=f"money {seed}", orders=size.orders, threads=size.threads, goods=plenty, scarce=scarce,
            late_s=size.late_s,
        )  # fmt: skip
        began = time.monotonic()
        public.start()
        killed = strike(shop, sandbox, public, dice, size=size)
        served_s = time.monotonic() - began
        public.finish(seconds=1)
        assert public.faults == []

        # Its telling still fails now and then, but its money moves as it should, so that there is an end.
        until(lambda: sandbox.post("/v1/faults", {"mix": {"slow": 0.02, "down": 0.05}, "seed": seed, "ms": 400}))
        wait_until_final(shop, sandbox, seconds=size.final_s)
        final_s = time.monotonic() - began - served_s
        sandbox.client.delete("/v1/faults").raise_for_status()
        until(shop.is_whole, seconds=READY_SECONDS)

        found = compare(shop, sandbox)
        audited = shop.run("audit")
        say(table(public, found, killed=killed, served_s=served_s, final_s=final_s))
        assert found.wrong == []
        # The shop told Sandbox where, when it started.
        assert found.webhooks > 0
        assert audited.returncode == 0, audited.stdout + audited.stderr
        shop.stop()


def strike(shop: Shop, sandbox: AtSandbox, public: Public, dice: random.Random, *, size: Size) -> Counter[str]:
    """Change the faults and kill what runs, until everybody is served."""
    killed: Counter[str] = Counter()
    deadline = time.monotonic() + size.serve_s
    kill_at, mix_at = time.monotonic() + dice.uniform(*size.kill_s), time.monotonic()
    while not public.is_served:
        now = time.monotonic()
        assert now < deadline, f"{public.done} of {public.orders} customers were served in {size.serve_s} s"
        if now >= mix_at:
            ms = dice.choice([50, 150, 400, 700])
            sandbox.post("/v1/faults", {"mix": mixture(dice), "seed": dice.randrange(2**31), "ms": ms})
            mix_at = now + size.mix_s
        if now >= kill_at and public.done < public.orders * 0.95:
            target = dice.choice(_TARGETS)
            killed[target] += shop.kill_child(target)
            kill_at = now + dice.uniform(*size.kill_s)
        time.sleep(0.05)
    return killed


_UNFINISHED = """
select
    (select count(*) from payments_intent where state not in ('CAPTURED', 'FAILED', 'CANCELLED')),
    (select count(*) from payments_refund where state = 'REQUESTED'),
    (select count(*) from payments_event where look_at is not null)
"""


def wait_until_final(shop: Shop, sandbox: AtSandbox, *, seconds: float) -> None:
    """Return when there is nothing left to follow, by the shop's tables and at Sandbox itself."""
    deadline = time.monotonic() + seconds
    while left := unfinished(shop, sandbox):
        assert time.monotonic() < deadline, f"after {seconds} s: {left}; {shop.log.read_text(encoding='utf-8')[-3000:]}"
        time.sleep(0.5)


def unfinished(shop: Shop, sandbox: AtSandbox) -> str:
    """What there is left to follow, in words; nothing when everything is final."""
    try:
        with psycopg.connect(shop.database_url) as database:
            ((payments, refunds, events),) = database.execute(_UNFINISHED).fetchall()
        waiting = sum(told["status"] in ("REQUIRES_ACTION", "PROCESSING") for told in sandbox.payments())
    except (psycopg.OperationalError, httpx.HTTPError) as error:
        return repr(error)
    if not any((payments, refunds, events, waiting)):
        return ""
    return f"{payments} payments, {refunds} refunds, {events} webhooks; {waiting} payments at Sandbox"


@dataclass(slots=True)
class Found:
    """What the comparison counted, and what it found wrong, each a sentence."""

    wrong: list[str] = field(default_factory=list)
    orders: Counter[str] = field(default_factory=Counter)
    payments: Counter[str] = field(default_factory=Counter)
    disputes: Counter[str] = field(default_factory=Counter)
    webhooks: int = 0
    not_honoured: int = 0
    charged_twice: int = 0
    ledger_off: int = 0
    not_final: int = 0


_PAYMENTS = """
select
    paid.id, paid.order_id, paid.state, paid.ending, paid.captured, paid.captured_currency, paid.refunded,
    coalesce((
        select sum(refund.amount) from payments_refund as refund
        where refund.intent_id = paid.id and refund.state = 'SUCCEEDED'
    ), 0)::bigint
from payments_intent as paid
"""


def compare(shop: Shop, sandbox: AtSandbox) -> Found:
    """Hold the shop's books against Sandbox's, payment by payment, order by order, and account by account."""
    found = Found()
    with psycopg.connect(shop.database_url) as database:
        # A dispute may still come, and is in all of the books or in none.
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        orders = {row[0]: row[1:] for row in database.execute("select id, state, total, currency from orders_order")}
        ours = {ids.to_number(row[0]): row[1:] for row in database.execute(_PAYMENTS)}
        disputes: set[str] = {row[0] for row in database.execute("select provider_id from disputes_dispute")}
        clearing: dict[str, int] = dict(
            database.execute(
                "select currency, sum(balance)::bigint from ledger_balance"
                " where account = 'PROVIDER_CLEARING:sandbox' group by currency"
            )
        )
        ((found.webhooks,),) = database.execute("select count(*) from payments_event").fetchall()
        # From the entries: running balances are kept of some accounts only, and of no order's.
        ((off,),) = database.execute(
            "select coalesce(sum(abs(total)), 0) from (select sum(amount) as total from ledger_transaction"
            " cross join unnest(amounts) as amount group by currency) as by_currency"
        ).fetchall()
    theirs = sandbox.payments()
    found.orders.update(state for state, _, _ in orders.values())
    found.payments.update(ending or state for _, state, ending, *_ in ours.values())
    _compare_payments(found, ours, theirs)
    _compare_orders(found, orders, ours, theirs)
    _compare_ledger(found, clearing, theirs, disputes=disputes, off=int(off))
    return found


def _compare_payments(found: Found, ours: Mapping[str, Any], theirs: list[dict[str, Any]]) -> None:
    twice = [number for number, times in Counter(told["reference"] for told in theirs).items() if times > 1]
    found.wrong += [f"payment {number} was begun more than once" for number in twice]
    known = {told["reference"]: told for told in theirs}
    found.wrong += [f"Sandbox has a payment {number} that the shop has not" for number in known.keys() - ours.keys()]
    for number, (_, state, _, captured, currency, promised, refunded) in ours.items():
        told = known.get(number)
        if state not in ("CAPTURED", "FAILED", "CANCELLED"):
            found.not_final += 1
            found.wrong.append(f"payment {number} is {state}")
        # A payment that Sandbox never heard of is one of which nothing was captured.
        at_sandbox = (told["captured"], told["captured_currency"], told["refunded"]) if told else (0, "", 0)
        here = (captured, currency if captured else at_sandbox[1], refunded)
        if here != at_sandbox or promised != refunded:
            found.wrong.append(f"payment {number}: here {here}, {promised} promised back; at Sandbox {at_sandbox}")
        if told and told["status"] in ("REQUIRES_ACTION", "PROCESSING", "AUTHORIZED"):
            found.not_final += 1
            found.wrong.append(f"payment {number} is {state} here and {told['status']} at Sandbox")


def _compare_orders(
    found: Found, orders: Mapping[int, Any], ours: Mapping[str, Any], theirs: list[dict[str, Any]]
) -> None:
    """What Sandbox kept of each order's money is its price, once, if the order is paid; else nothing.

    Money in dispute has gone back too. A dispute about the sale itself is a matter of its own: the order was honoured.
    """
    kept: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for told in theirs:
        if told["reference"] not in ours:
            continue
        order_id, _, ending, *_ = ours[told["reference"]]
        honoured = told["amount"] if ending in ("MATCHED", "OVERPAID", "LATE") else 0
        net = told["captured"] - told["refunded"] - max(told["disputed"] - honoured, 0)
        if net:
            kept[order_id].append((net, told["captured_currency"]))
    for order_id, (state, total, currency) in orders.items():
        number, money = ids.to_number(order_id), kept.get(order_id, [])
        expected = [(total, currency)] if state == "PAID" else []
        if money == expected:
            continue
        found.wrong.append(f"order {number} is {state} at {total} {currency}, and Sandbox has kept {money}")
        if sum(amount for amount, _ in money) > total:
            found.charged_twice += 1
        else:
            found.not_honoured += 1


def _compare_ledger(
    found: Found, clearing: Mapping[str, int], theirs: list[dict[str, Any]], *, disputes: set[str], off: int
) -> None:
    held: Counter[str] = Counter()
    for told in theirs:
        if told["captured"]:
            held[told["captured_currency"]] += told["captured"] - told["refunded"] - told["fee"]
        for dispute in told["disputes"]:
            # One of which the shop was never told, because that was lost, stands on the daily bill only.
            is_known = dispute["id"] in disputes
            found.disputes["known" if is_known else "for the bill to tell"] += 1
            held[dispute["currency"]] -= dispute["amount"] * is_known
    for currency in held.keys() | clearing.keys():
        difference = abs(clearing.get(currency, 0) - held[currency])
        found.ledger_off += difference
        if difference:
            found.wrong.append(
                f"clearing account: {clearing.get(currency, 0)} {currency}, Sandbox holds {held[currency]}"
            )
    found.ledger_off += off
    if off:
        found.wrong.append(f"the ledger sums to {off}, not to zero")


def table(public: Public, found: Found, *, killed: Counter[str], served_s: float, final_s: float) -> str:
    """What happened, in a few lines for whoever reads the drill."""

    def counted(counter: Mapping[str, int]) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in sorted(counter.items(), key=lambda item: -item[1]))

    return "\n".join(
        f"  {name:<28}{value}"
        for name, value in {
            "customers": f"{public.done:,} in {served_s:.0f} s; everything final {final_s:.0f} s later",
            "met": counted(public.tally),
            "killed": counted(killed),
            "webhooks kept": f"{found.webhooks:,}",
            "orders": counted(found.orders),
            "payments": counted(found.payments),
            "disputes": counted(found.disputes),
            "paid, not honoured/refunded": str(found.not_honoured),
            "charged twice": str(found.charged_twice),
            "ledger off by": str(found.ledger_off),
            "not final": str(found.not_final),
            "wrong in all": f"{len(found.wrong)} {' | '.join(found.wrong[:5])}",
        }.items()
    )
