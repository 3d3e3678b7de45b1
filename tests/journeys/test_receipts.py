"""Receipts of orders: given with the order, checked against the shop, good for as long as the shop's keys are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from evertill.domains import orders, receipts
from evertill.journeys.give_receipts import facts_of, give_receipt
from evertill.journeys.place_orders import Placed, PlaceOrder
from evertill.journeys.publish_keys import rotate_receipt_key, tell_keys
from evertill.journeys.rebuild_order import RebuildOrder, ask_to_rebuild
from evertill.journeys.verify_receipt import Standing, check_receipts, verify_receipt
from evertill.kernel import crypto
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON, ask, make_product, place, place_one

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_key() -> Iterator[None]:
    receipts.forget_signer()
    yield
    receipts.forget_signer()
    crypto.derive_key.cache_clear()


def tamper(statement: str, *params: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        assert cursor.rowcount == 1


def together(*asked: PlaceOrder) -> list[Placed]:
    placed = place(*asked)
    return [one for one in placed if isinstance(one, Placed)]


class TestAReceipt:
    def test_comes_with_every_order_of_a_batch(self) -> None:
        make_product("TEA", pieces=100)

        placed = together(*(ask(f"key-{n}", {"TEA": n}, email=f"a{n}@example.com") for n in range(1, 6)))

        told = [receipts.read(one.receipt) for one in placed]
        assert [one.order_id for one in told] == [one.order.id for one in placed]
        assert [one.total for one in told] == [250, 500, 750, 1000, 1250]
        assert {one.batch_id for one in told} == {placed[0].order.id}
        assert [verify_receipt(text=one.receipt).standing for one in placed] == [Standing.KEPT] * 5
        assert [tables.count(name) for name in ("receipts_batch", "receipts_unsealed", "receipts_key")] == [1, 1, 1]

    def test_comes_again_with_the_same_key(self) -> None:
        make_product("TEA")
        first = place_one(ask(lines={"TEA": 2}))

        again = place_one(ask(lines={"TEA": 2}))

        assert again.is_repeat
        assert again.receipt == first.receipt == give_receipt(order_id=first.order.id).text
        assert tables.count("receipts_batch") == 1

    def test_is_not_given_for_an_order_from_before(self) -> None:
        make_product("TEA")
        placed = place_one(ask())
        tamper("update orders_order set receipt_batch = null where id = %s", placed.order.id)

        assert place_one(ask()).receipt == ""
        assert give_receipt(order_id=placed.order.id).text == ""

    def test_names_nobody(self) -> None:
        make_product("TEA")
        phone = ask("3", email="", phone="+8613800138000")
        plain, same, other = together(ask("1", email="ada@example.com"), ask("2", email="ada@example.com"), phone)

        told = receipts.read(plain.receipt)

        ours = receipts.contact_digest(order_id=plain.order.id, email="ADA@example.com ", phone="")
        assert told.contact == ours
        assert receipts.read(same.receipt).contact[:8] != told.contact[:8]
        assert receipts.read(other.receipt).contact[:8] == bytes(8)
        assert receipts.read(other.receipt).contact[8:] != bytes(8)


class TestVerifying:
    def test_tells_an_order_that_is_gone(self) -> None:
        make_product("TEA")
        placed = place_one(ask())
        tamper("delete from orders_line where order_id = %s", placed.order.id)
        tamper("delete from orders_order where id = %s", placed.order.id)

        verified = verify_receipt(text=placed.receipt)

        assert verified.standing is Standing.LOST
        assert verified.order is None

    @pytest.mark.parametrize(
        ("statement", "difference"),
        [
            ("update orders_order set total = 251 where id = %s", "total 2.51 GBP, by the receipt 2.50 GBP"),
            ("update orders_order set currency = 'USD' where id = %s", "total 2.50 USD, by the receipt 2.50 GBP"),
            (
                "update orders_order set placed_at = placed_at + interval '1 second' where id = %s",
                "placed at 2026-11-22T12:00:01+00:00, by the receipt 2026-11-22T12:00:00+00:00",
            ),
            (
                "update orders_order set email = 'eve@example.com' where id = %s",
                "another address or telephone number",
            ),
            (
                "update orders_line set quantity = 2 where order_id = %s",
                "1 lines that are not the 1 of the receipt",
            ),
            ("update orders_line set sku = 'CUP' where order_id = %s", "1 lines that are not the 1 of the receipt"),
        ],
    )
    def test_tells_an_order_that_was_altered(self, statement: str, difference: str) -> None:
        make_product("TEA")
        placed = place_one(ask())
        tamper(statement, placed.order.id)

        verified = verify_receipt(text=placed.receipt)

        assert verified.standing is Standing.DIFFERENT
        assert verified.differences == (difference,)

    def test_goes_on_when_the_customer_had_himself_deleted(self) -> None:
        make_product("TEA")
        placed = place_one(ask(account_id=5))
        orders.pseudonymise(account_id=5, limit=10)

        assert verify_receipt(text=placed.receipt).standing is Standing.KEPT
        assert give_receipt(order_id=placed.order.id).text == placed.receipt

    def test_says_of_many_what_became_of_each(self) -> None:
        make_product("TEA")
        kept, gone = place_one(ask("1")), place_one(ask("2"))
        tamper("delete from orders_order where id = %s", gone.order.id)

        checked = list(check_receipts(texts=[kept.receipt, "nothing", gone.receipt, gone.receipt[:-1]]))

        told = [one.verified.standing if one.verified else type(one.refusal) for one in checked]
        assert told == [Standing.KEPT, receipts.NotAReceipt, Standing.LOST, receipts.ReceiptAltered]
        assert [one.place for one in checked] == [1, 2, 3, 4]

    def test_that_are_none_are_looked_at_before_they_fill_the_memory(self) -> None:
        taken: list[int] = []

        def junk() -> Iterator[str]:
            for number in range(64):
                taken.append(number)
                yield "x" * (1 << 20)

        first = next(iter(check_receipts(texts=junk())))

        assert isinstance(first.refusal, receipts.NotAReceipt)
        assert len(taken) == 8


class TestKeys:
    def test_are_made_before_the_first_order(self) -> None:
        (key,) = tell_keys(now=NOON).keys

        assert (key.algorithm, key.made_at) == ("Ed25519", NOON)
        assert [(own.generation, receipts.is_own(own)) for own in receipts.read_keys()] == [(1, True)]

    def test_may_be_rotated_and_older_receipts_stay_good(self) -> None:
        make_product("TEA")
        old = place_one(ask("1"))
        rotate_receipt_key(asker=MACHINE, now=NOON)

        new = place_one(ask("2"))

        assert receipts.read(old.receipt).key_id != receipts.read(new.receipt).key_id
        assert [verify_receipt(text=one.receipt).standing for one in (old, new)] == [Standing.KEPT] * 2
        assert [key.generation for key in receipts.read_keys()] == [1, 2]

    def test_are_others_under_another_secret(self, change: Callable[..., None]) -> None:
        make_product("TEA")
        old = place_one(ask("1"))
        change(secret=b"another secret of thirty-two bytes")
        crypto.derive_key.cache_clear()
        receipts.forget_signer()

        new = place_one(ask("2"))

        assert [verify_receipt(text=one.receipt).standing for one in (old, new)] == [Standing.KEPT] * 2
        first, second = receipts.read_keys()
        assert (first.generation, receipts.is_own(first)) == (1, False)
        assert (second.generation, receipts.is_own(second)) == (2, True)
        message = receipts.rules.vouching_message([first, second])
        assert receipts.rules.is_signed(message, signature=second.vouched, public=second.public)


class TestAThief:
    """Somebody who may write to the database, and has not the shop's secret."""

    @pytest.fixture
    def signer(self) -> receipts.Signer:
        """A key of his own, put among the shop's as the next one, which vouches for all of them and itself."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        known = receipts.queries.read_keys()
        bare = receipts.PublicKey(
            id=receipts.rules.key_id_of(public), generation=2, public=public, made_at=NOON, vouched=b""
        )
        key = msgspec.structs.replace(bare, vouched=private.sign(receipts.rules.vouching_message([*known, bare])))
        receipts.sealing.add_key(key)
        return receipts.Signer(key=key, private=private)

    def forge(self, signer: receipts.Signer, like: Placed) -> str:
        """A receipt of an order that never was."""
        facts = facts_of(msgspec.structs.replace(like.order, id=like.order.id + 1, total=1_000_000))
        batch = receipts.sign_batch(facts=[facts], contacts=[bytes(16)], signer=signer, now=NOON)
        return receipts.texts.write_one(batch, facts=facts, index=0)

    @pytest.fixture
    def placed(self) -> Placed:
        make_product("TEA")
        return place_one(ask("1"))

    def test_proves_nothing_with_a_key_of_his_own(self, placed: Placed, signer: receipts.Signer) -> None:
        forged = self.forge(signer, placed)

        with pytest.raises(receipts.OtherShop):
            verify_receipt(text=forged)
        wanted = RebuildOrder(text=forged, email="thief@example.com", why="it is mine")
        with pytest.raises(receipts.OtherShop):
            ask_to_rebuild(asker=MACHINE, asked=wanted, now=NOON)
        assert verify_receipt(text=placed.receipt).standing is Standing.KEPT

    def test_has_his_key_neither_published_nor_vouched_for_by_the_next_one(
        self, placed: Placed, signer: receipts.Signer
    ) -> None:
        rotate_receipt_key(asker=MACHINE, now=NOON)
        new = place_one(ask("2"))

        told = tell_keys(now=NOON)

        offline = receipts.key_file.read(msgspec.json.encode(told))
        assert set(offline) == {receipts.read(one.receipt).key_id for one in (placed, new)}
        assert [verify_receipt(text=one.receipt).standing for one in (placed, new)] == [Standing.KEPT] * 2
        with pytest.raises(receipts.OtherShop):
            verify_receipt(text=self.forge(signer, placed))
        named = [fault.subject for fault in receipts.verify_chain(own=receipts.is_own)]
        assert named == ["key 2"]
