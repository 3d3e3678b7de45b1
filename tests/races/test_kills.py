"""The exam: parts of a busy shop are killed at random moments, and no promise is broken.

Every order that was acknowledged is there exactly once; every key without an answer, sent again, gives exactly one
order; what was cancelled stays cancelled; the books add up.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import psycopg
import pytest

from evertill.journeys.place_orders import digest_key
from evertill.kernel import ids
from tests.kernel.waiting import open_folder, until
from tests.races.buyers import AGAIN, Buyer, Crowd, Wish
from tests.shop import READY_SECONDS, Shop, shop_in

_ROUNDS = 3
_ROUNDS_OF_A_DRILL = 40
_BUYERS = 8
_KILLS = 5
_TARGETS = (*["web-1", "web-2"] * 4, *["postgresql", "backend"] * 3, "jobs")
_SCARCE_PIECES = 60


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    given: int | None = pytestconfig.getoption("rounds")
    return given or (_ROUNDS_OF_A_DRILL if pytestconfig.getoption("drill") else _ROUNDS)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_folder() as folder, shop_in(folder / "data") as shop:
        yield shop


class TestKills:
    def test_break_no_promise(self, shop: Shop, seed: int, rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
        with capsys.disabled():
            print(f"\nkills: {rounds} rounds; replay with make drill SEED={seed} ROUNDS={rounds}", flush=True)
        dice = random.Random(seed)
        shop.start()
        shop.stock_up(
            [(f"S{number}-{n}", _SCARCE_PIECES) for number in range(rounds) for n in range(4)]
            + [(f"P-{n}", 10_000_000) for n in range(6)]
        )
        wishes: list[Wish] = []
        for number in range(rounds):
            crowd = Crowd(
                shop=shop,
                seed=f"{seed}/{number}",
                buyers=_BUYERS,
                scarce=[f"S{number}-{n}" for n in range(4)],
                plenty=[f"P-{n}" for n in range(6)],
            )
            kills = play_round(shop, crowd, dice)
            wishes += crowd.wishes
            with capsys.disabled():
                print(f"  round {number + 1}: {tally(crowd)}; killed {' '.join(kills)}", flush=True)

            assert crowd.faults == []
            check_round(shop, crowd, wishes, dice)
        # Whatever was killed, and whatever lost its database on the way, is at work again.
        until(shop.is_whole, seconds=READY_SECONDS)
        shop.stop()

    @pytest.mark.drill
    def test_would_notice_a_database_that_forgets(self, shop: Shop, seed: int) -> None:
        """An exam of the exam."""
        shop.start()
        with psycopg.connect(shop.database_url, autocommit=True) as database:
            database.execute("alter database evertill set synchronous_commit = off")
        shop.stop()
        shop.start()
        goods = [f"P-{n}" for n in range(6)]
        shop.stock_up([(sku, 10_000_000) for sku in goods])
        crowd = Crowd(shop=shop, seed=f"{seed}/forgets", buyers=_BUYERS, scarce=goods, plenty=goods)

        play_round(shop, crowd, random.Random(seed), targets=("postgresql",))

        with pytest.raises(AssertionError):
            check_round(shop, crowd, crowd.wishes, random.Random(seed))


def play_round(shop: Shop, crowd: Crowd, dice: random.Random, *, targets: Sequence[str] = _TARGETS) -> list[str]:
    """Let the crowd buy while parts of the shop are killed; then have every open wish answered."""
    kills: list[str] = []
    crowd.start()
    try:
        for _ in range(_KILLS):
            time.sleep(dice.uniform(0.1, 0.9))
            target = dice.choice(targets)
            kills.append(target if shop.kill_child(target) else f"({target})")
        if dice.random() < 0.34:
            time.sleep(dice.uniform(0.1, 0.9))
            shop.kill()
            kills.append("everything")
    finally:
        crowd.finish()
    if shop.process is None:
        shop.start()
    shop.wait_ready()
    crowd.pursue_all()
    return kills


def tally(crowd: Crowd) -> str:
    """What a round was about, in one line."""
    placed = sum(wish.placed is not None for wish in crowd.wishes)
    again = sum(wish.tries > 2 for wish in crowd.wishes)
    cancelled = sum(wish.is_cancelled for wish in crowd.wishes)
    refused = sum(wish.refused is not None for wish in crowd.wishes)
    return f"{placed} placed, {cancelled} of them cancelled, {refused} sold out, {again} pursued after a kill"


def check_round(shop: Shop, crowd: Crowd, wishes: list[Wish], dice: random.Random) -> None:
    """Compare what was promised to all buyers so far with what stands in the books."""
    with psycopg.connect(shop.database_url) as database:
        kept = _orders_in(database)
        rows = database.execute("select sku, on_hand - reserved from stock_item").fetchall()
        available: dict[str, int] = dict(rows)
    promised = {
        digest_key(caller="", key=wish.key.encode()): (
            ids.from_number(wish.placed["number"]),
            "CANCELLED" if wish.is_cancelled else "PLACED",
            dict(sorted(wish.cart.items())),
        )
        for wish in wishes
        if wish.placed is not None
    }
    assert kept == promised

    for wish in crowd.wishes:
        if wish.refused is not None:
            assert any(available[sku] < quantity for sku, quantity in wish.cart.items()), wish

    buyer = Buyer(shop)
    for wish in dice.sample(crowd.wishes, min(50, len(crowd.wishes))):
        again = until(partial(_answer, buyer, wish))
        if wish.placed is not None:
            assert again == (201, wish.placed)
    buyer.close()

    audited = shop.run("audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr


def _answer(buyer: Buyer, wish: Wish) -> tuple[int, Any] | None:
    """What the same request is answered once more, unless that is to ask again."""
    answer = buyer.place_again(wish)
    return None if answer is None or answer[1].get("code") in AGAIN else answer


def _orders_in(database: psycopg.Connection[Any]) -> dict[bytes, tuple[int, str, dict[str, int]]]:
    """Every order by the digest of its key: its number, its state and its cart."""
    rows = database.execute(
        """
        select placed.key_digest, placed.id, placed.state, jsonb_object_agg(line.sku, line.quantity)
        from orders_order as placed
        join orders_line as line on line.order_id = placed.id
        group by placed.id
        """
    ).fetchall()
    return {digest.bytes: (order_id, state, dict(sorted(cart.items()))) for digest, order_id, state, cart in rows}
