"""Codes of digital goods: uploaded once, sold as stock, given once to whoever paid, seen by him alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from evertill.domains import messages, orders, payments, trail
from evertill.domains.fulfilment.models import Code, Due
from evertill.domains.stock import ChangeKind, Said
from evertill.domains.trail import Search
from evertill.journeys import rotate_keys as rotating
from evertill.journeys.audit_books import Check, audit_books
from evertill.journeys.change_stock import SoldByCodes, change_stock
from evertill.journeys.deliver_codes import deliver_codes
from evertill.journeys.owed_codes import CodesDelivered
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_order import RefundOrder, refund_order
from evertill.journeys.upload_codes import CodesRejected, CodesUnusable, list_pools, look_at_codes, upload_codes
from evertill.journeys.view_codes import CodesHeld, count_codes, view_codes
from evertill.kernel import db
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON, ask, balance, make_product, make_stock, place_one
from tests.paying import settle, start
from tests.threads import together
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2
LIST = b"KEY-AAAA-0001\nKEY-BBBB-0002\n\nKEY-CCCC-0003\n"


@pytest.fixture
def twin() -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider)
    yield provider
    payments.register()


@pytest.fixture
def ada(twin: Twin) -> Asker:
    make_product("KEY", pieces=0)
    make_product("TEA", pieces=10)
    return staff(ADA, "administrator")


def upload(asker: Asker, content: bytes = LIST, sku: str = "KEY") -> int:
    return upload_codes(asker=asker, sku=sku, content=content, now=NOON)


def buy(twin: Twin, pieces: int = 1, *, key: str = "k1", account_id: int | None = None, **more: int) -> Placed:
    placed = place_one(ask(key, {"KEY": pieces, **more}, account_id=account_id))
    intent = start(placed, key=f"pay {key}")
    twin.pay(intent)
    settle(intent)
    return placed


def refund(intent: payments.Intent, *, restock: bool = False, key: str = "back") -> None:
    """All that is left of an order is given back."""
    asked = RefundOrder(order_id=intent.order_id, reason="broken", caller="ada", key=key.encode(), restock=restock)
    refund_order(asked=asked, actor="ada", now=NOON)


def seen(placed: Placed) -> list[str]:
    return [shown.code for shown in view_codes(order_id=placed.order.id, session=None, now=NOON)]


def codes_wrong() -> list[str]:
    return [f"{one.subject}: {one.detail}" for one in audit_books() if one.check is Check.CODES]


class TestUpload:
    def test_puts_so_many_pieces_on_sale(self, ada: Asker) -> None:
        assert upload(ada) == 3

        assert balance("KEY") == (3, 0)
        (pool,) = list_pools(asker=ada, now=NOON)
        assert (pool.sku, pool.free, pool.given, pool.owed) == ("KEY", 3, 0, 0)
        (record,) = trail.read_records(search=Search(operation="codes.upload"), limit=2)
        assert (record.subject_id, record.after) == ("KEY", '{"codes":3,"left_out":0}')
        assert audit_books() == []

    def test_keeps_them_encrypted(self, ada: Asker) -> None:
        upload(ada)

        for stored, digest in Code.objects.values_list("secret", "digest"):
            assert b"KEY-" not in bytes(stored) + bytes(digest)

    def test_names_bad_lines_and_never_a_code(self, ada: Asker) -> None:
        upload(ada)
        content = b"code,note\nKEY-DDDD-0004,new\nKEY-AAAA-0001,old\nKEY-DDDD-0004,again\n,none\n"
        content += b"x" * 401 + b",long\n"

        looked = look_at_codes(asker=ada, sku="KEY", content=content, now=NOON)
        with pytest.raises(CodesRejected) as refused:
            upload(ada, content)

        assert looked.codes == 1
        assert [(fault.line, fault.reason) for fault in refused.value.faults] == [
            (3, "This code (…01) was uploaded before."),
            (4, "It is the same code as in line 2."),
            (5, "It has no code."),
            (6, "It has 401 characters; 400 is the most."),
        ]
        assert refused.value.faults == looked.faults
        assert Code.objects.count() == 3
        assert upload_codes(asker=ada, sku="KEY", content=content, skip_faults=True, now=NOON) == 1
        assert balance("KEY") == (4, 0)

    @pytest.mark.parametrize(
        ("sku", "content"),
        [
            ("GONE", LIST),
            ("FILE", LIST),
            ("TEA", LIST),
            ("KEY", b""),
            ("KEY", b"\n \n"),
            ("KEY", b"\xff\xfe\x00"),
            ("KEY", b"x" * 200_001),
        ],
    )
    def test_refuses_what_cannot_be_sold_by_codes(self, ada: Asker, sku: str, content: bytes) -> None:
        make_stock("FILE", pieces=None)

        with pytest.raises(CodesUnusable):
            upload(ada, content, sku=sku)

        assert Code.objects.count() == 0

    def test_needs_the_permission(self, ada: Asker) -> None:
        for asker in (customer(9), staff(BOB, "fulfilment")):
            with pytest.raises(Forbidden):
                upload(asker)

        assert balance("KEY") == (0, 0)

    def test_counts_each_code_once_however_many_upload_it(self, ada: Asker) -> None:
        def work() -> int:
            try:
                return upload(ada)
            except CodesRejected:
                return 0

        assert sorted(together(work, work, work)) == [0, 0, 3]
        assert balance("KEY") == (3, 0)

    def test_leaves_counting_to_the_codes(self, ada: Asker) -> None:
        upload(ada)

        with pytest.raises(SoldByCodes):
            change_stock(asker=ada, said=[Said(sku="KEY", kind=ChangeKind.CAME_IN, pieces=5)], why="", now=NOON)

        assert balance("KEY") == (3, 0)


class TestDelivery:
    def test_gives_a_paid_order_its_codes_and_tells_the_customer_without_them(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin, 2, TEA=1)

        assert deliver_codes(now=NOON) == 1

        assert seen(placed) == ["KEY-AAAA-0001", "KEY-BBBB-0002"]
        told = orders.read_events(after={placed.order.id: -1}, limit=20)[placed.order.id]
        assert [event.kind for event in told.events][-1] == "codes.delivered"
        written = messages.find_all(keys=[f"codes:{placed.number}"])
        assert [message.kind for message in written] == ["CODES_READY"]
        assert "KEY-" not in str(written)
        assert audit_books() == []

    def test_waits_for_the_money(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = place_one(ask("k1", {"KEY": 1}))

        assert deliver_codes(now=NOON) == 0
        assert count_codes(order_id=placed.order.id).given == 0

    def test_happens_once(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin)
        deliver_codes(now=NOON)

        assert deliver_codes(now=NOON) == 0
        assert seen(placed) == ["KEY-AAAA-0001"]
        assert Code.objects.filter(order_id__isnull=False).count() == 1

    def test_waits_while_the_order_is_held(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin)
        with db.write():
            orders.hold(
                order_ids=[placed.order.id], reason=orders.HoldReason.DISPUTE_OPEN, subject="x", actor="a", now=NOON
            )

        deliver_codes(now=NOON)
        assert count_codes(order_id=placed.order.id).owed == 1
        with db.write():
            orders.release_holds(order_ids=[placed.order.id], subject="x", actor="a", now=NOON)
        Due.objects.update(look_at=NOON)
        deliver_codes(now=NOON)

        assert seen(placed) == ["KEY-AAAA-0001"]

    def test_gives_nothing_for_what_was_given_back(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = place_one(ask("k1", {"KEY": 2}))
        intent = start(placed, key="pay")
        twin.pay(intent)
        settle(intent)
        refund(intent)

        deliver_codes(now=NOON)

        assert (count_codes(order_id=placed.order.id).given, count_codes(order_id=placed.order.id).owed) == (0, 0)
        assert Due.objects.get().state == "VOID"
        assert codes_wrong() == []

    def test_of_free_orders_comes_too(self, ada: Asker) -> None:
        make_product("GIFT", prices={"GBP": 0}, pieces=0)
        upload(ada, b"GIFT-1\n", sku="GIFT")
        placed = place_one(ask("k1", {"GIFT": 1}))

        deliver_codes(now=NOON)

        assert seen(placed) == ["GIFT-1"]

    def test_never_gives_a_code_twice_however_many_work_at_once(self, ada: Asker, twin: Twin) -> None:
        upload(ada, b"\n".join(b"CODE-%04d" % number for number in range(40)))
        placed = [buy(twin, 1 + number % 3, key=f"k{number}") for number in range(20)]

        for _ in range(3):
            together(*[lambda: deliver_codes(now=NOON)] * 4)
            Due.objects.filter(state="WAITING").update(look_at=NOON)

        found = [code for one in placed for code in seen(one)]
        assert [len(seen(one)) for one in placed] == [1 + number % 3 for number in range(20)]
        assert len(found) == len(set(found)) == 39
        assert audit_books() == []


class TestRefund:
    def test_of_delivered_codes_puts_none_back_on_sale(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = place_one(ask("k1", {"KEY": 1}))
        intent = start(placed, key="pay")
        twin.pay(intent)
        settle(intent)
        deliver_codes(now=NOON)

        with pytest.raises(CodesDelivered):
            refund(intent, key="restock", restock=True)
        refund(intent)

        assert balance("KEY") == (2, 0)
        assert codes_wrong() == []


class TestView:
    def test_is_on_record_each_time(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin)
        deliver_codes(now=NOON)

        seen(placed)
        seen(placed)

        found = trail.read_records(search=Search(operation="codes.view"), limit=5)
        assert [(one.actor_kind, one.subject_id, one.after) for one in found] == [
            ("GUEST", placed.number, '{"codes":1}')
        ] * 2

    def test_is_shut_while_the_order_is_held(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin)
        deliver_codes(now=NOON)
        with db.write():
            orders.hold(
                order_ids=[placed.order.id], reason=orders.HoldReason.DISPUTE_OPEN, subject="x", actor="a", now=NOON
            )

        with pytest.raises(CodesHeld):
            seen(placed)


class TestRotation:
    def test_encrypts_every_code_anew_and_removes_the_old_key(self, ada: Asker, twin: Twin) -> None:
        upload(ada)
        placed = buy(twin)
        deliver_codes(now=NOON)
        before = [bytes(secret) for secret in Code.objects.order_by("id").values_list("secret", flat=True)]

        rotating.begin(asker=MACHINE, now=NOON)
        assert rotating.end() == 0
        assert sum(rotating.encrypt_anew(now=NOON)) == 3
        assert rotating.end() == 1

        after = [bytes(secret) for secret in Code.objects.order_by("id").values_list("secret", flat=True)]
        assert not set(before) & set(after)
        assert seen(placed) == ["KEY-AAAA-0001"]


class TestAudit:
    @pytest.mark.parametrize(
        ("tampering", "found"),
        [
            ("delete from fulfilment_code where order_id is not null", "due GIVEN of 1, codes given 0"),
            ("delete from fulfilment_code where order_id is null", "on sale 2, owed 0, free codes 0"),
            (
                (
                    "update fulfilment_code set order_id = 7, position = 0, given_at = now(), piece ="
                    " (select count(*) from fulfilment_code as before where before.id < fulfilment_code.id)"
                    " where order_id is null"
                ),
                "bought 0 of KEY, was given 2 codes",
            ),
            ("delete from fulfilment_due", "due NONE of 0, codes given 1"),
            ("update fulfilment_due set state = 'VOID'", "due VOID of 1, codes given 1"),
            ("update stock_item set on_hand = 5 where sku = 'KEY'", "on sale 5, owed 0, free codes 2"),
            ("update orders_line set sku = 'TEA'", "bought 0 of KEY, was given 1 codes"),
        ],
    )
    def test_finds_what_was_tampered_with(self, ada: Asker, twin: Twin, tampering: str, found: str) -> None:
        upload(ada)
        buy(twin)
        deliver_codes(now=NOON)
        assert codes_wrong() == []

        with connection.cursor() as cursor:
            cursor.execute(tampering)

        wrong = codes_wrong()
        assert wrong
        assert found in " ".join(wrong)
