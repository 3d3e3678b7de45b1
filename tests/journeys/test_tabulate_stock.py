"""Stock as a table: what was sold while somebody worked on it stays sold, and promised pieces stay promised."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest

from evertill.domains import stock
from evertill.domains.bulk import ItemState
from evertill.domains.stock import ChangeKind, Movement, MovementKind, Said
from evertill.journeys.change_stock import change_stock, list_changes, undo_stock
from evertill.journeys.export_table import Form, export_table
from evertill.journeys.make_bulk import confirm_bulk, make_bulk
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.run_bulk import run_one
from evertill.journeys.tabulate_stock import STOCK, STOCK_MANY, read_stock
from evertill.journeys.view_bulk import Item, list_items
from evertill.kernel import db
from tests.askers import customer, staff
from tests.builders import NOON, make_product

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ada() -> Asker:
    make_product("007", pieces=10)
    make_product("TEA", pieces=5)
    make_product("EBOOK", pieces=None)
    return staff(1, "administrator")


def saved(asker: Asker, form: Form = "csv") -> bytes:
    return export_table(asker=asker, table=STOCK, filters={}, form=form, why="", now=NOON).content


def sell(sku: str, pieces: int) -> None:
    with db.write():
        kinds = (MovementKind.RESERVED, MovementKind.SOLD)
        stock.move(movements=[Movement(sku=sku, kind=kind, quantity=pieces, order_id=1) for kind in kinds], now=NOON)


def promise(sku: str, pieces: int) -> None:
    with db.write():
        stock.move(movements=[Movement(sku=sku, kind=MovementKind.RESERVED, quantity=pieces, order_id=1)], now=NOON)


def done(asker: Asker, content: bytes) -> Sequence[Item]:
    sent = read_stock(asker=asker, file=io.BytesIO(content), now=NOON)
    assert sent.wrong == []
    made = make_bulk(asker=asker, operation=STOCK_MANY.name, targets=sent.targets, why="Came", now=NOON)
    confirm_bulk(asker=asker, bulk_id=made.id, now=NOON)
    while run_one(bulk_id=made.id, now=NOON):
        pass
    return list_items(asker=asker, bulk_id=made.id, limit=9, now=NOON)


def on_hand(sku: str) -> int:
    return stock.read_items(skus=[sku])[sku].on_hand


class TestSaving:
    def test_says_what_lies_there(self, ada: Asker) -> None:
        rows = list(csv.reader(io.StringIO(saved(ada).decode("utf-8-sig"))))

        assert rows == [
            ["sku", "title", "stock", "was", "promised"],
            ["'007", "Title of 007", "10", "10", "0"],
            ["EBOOK", "Title of EBOOK", "", "", ""],
            ["TEA", "Title of TEA", "5", "5", "0"],
        ]

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_changes_nothing_when_it_comes_back_as_it_was(self, ada: Asker, form: Form) -> None:
        content = saved(ada, form)
        sell("TEA", 2)

        sent = read_stock(asker=ada, file=io.BytesIO(content), now=NOON)

        assert (sent.targets, sent.wrong, sent.untouched) == ([], [], 3)

    def test_needs_the_permission(self, ada: Asker) -> None:
        content = saved(ada)
        for asker in (customer(9), staff(2, "support")):
            with pytest.raises(Forbidden):
                saved(asker)
            with pytest.raises(Forbidden):
                read_stock(asker=asker, file=io.BytesIO(content), now=NOON)


class TestDifference:
    def test_keeps_what_was_sold_meanwhile(self, ada: Asker) -> None:
        content = saved(ada).replace(b"007,Title of 007,10", b"007,Title of 007,14")
        sell("007", 3)

        (item,) = done(ada, content)

        assert on_hand("007") == 11
        assert (item.before, item.after, item.state) == ("7 (10)", "11 (+4)", ItemState.DONE)

    def test_is_noted_as_come_in_or_lost_and_can_be_taken_back(self, ada: Asker) -> None:
        content = saved(ada).replace(b"007,10", b"007,12").replace(b"TEA,5", b"TEA,1")

        done(ada, content)

        changes = {one.sku: one for one in list_changes(asker=ada, now=NOON)}
        assert (changes["007"].kind, changes["007"].quantity, changes["007"].why) == (ChangeKind.CAME_IN, 2, "Came")
        assert (changes["TEA"].kind, changes["TEA"].quantity) == (ChangeKind.LOST, -4)
        undo_stock(asker=ada, change_id=changes["TEA"].id, why="", now=NOON)
        assert on_hand("TEA") == 5

    def test_takes_nothing_that_is_promised(self, ada: Asker) -> None:
        content = saved(ada).replace(b"TEA,5", b"TEA,1")
        promise("TEA", 2)

        (item,) = done(ada, content)

        assert (item.state, item.code, on_hand("TEA")) == (ItemState.REFUSED, "STOCK_IMPOSSIBLE", 5)


class TestCount:
    def test_is_what_a_table_without_was_says(self, ada: Asker) -> None:
        (item,) = done(ada, b"sku,stock\n007,8\nTEA,5\nEBOOK,\n")

        assert (item.state, on_hand("007")) == (ItemState.DONE, 8)
        assert list_changes(asker=ada, sku="007", now=NOON)[0].kind is ChangeKind.COUNTED

    def test_is_not_done_where_something_moved_meanwhile(self, ada: Asker) -> None:
        sent = read_stock(asker=ada, file=io.BytesIO(b"sku,stock\n007,8\n"), now=NOON)
        made = make_bulk(asker=ada, operation=STOCK_MANY.name, targets=sent.targets, why="", now=NOON)
        change_stock(asker=ada, said=[Said(sku="007", kind=ChangeKind.LOST, pieces=1)], why="", now=NOON)
        confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)

        while run_one(bulk_id=made.id, now=NOON):
            pass

        (item,) = list_items(asker=ada, bulk_id=made.id, limit=9, now=NOON)
        assert (item.state, item.code, on_hand("007")) == (ItemState.FAILED, "CHANGED_MEANWHILE", 9)


def test_names_the_rows_that_cannot_be_used(ada: Asker) -> None:
    text = b"sku,stock,was\n7,1,1\n007,many,10\n007,1,10\nTEA,,5\nEBOOK,3,\nTEA,1.5,5\n"

    sent = read_stock(asker=ada, file=io.BytesIO(text), now=NOON)

    assert [(one.line, one.reason) for one in sent.wrong] == [
        (2, "There is no SKU 7. Spreadsheets drop leading zeros, for example."),
        (3, "This is not a number of pieces."),
        (4, "SKU 007 stands in row 3 too."),
        (5, "The stock is empty; enter 0 when nothing is left."),
        (6, "SKU EBOOK cannot run out, so its stock is left empty."),
        (7, "SKU TEA stands in row 5 too."),
    ]
    assert sent.targets == []
