"""What staff say of stock: never below what is promised; history, undo, and the books that still add up."""

from __future__ import annotations

import json

import pytest

from evertill.domains import stock, trail
from evertill.domains.stock import ChangeKind, Said, UnknownStock
from evertill.domains.stock.changes import CountedSince, StockImpossible, StockUndone
from evertill.domains.trail import Search
from evertill.journeys import change_stock as counting
from evertill.journeys.audit_books import audit_books
from evertill.journeys.change_stock import PiecesInvalid, change_stock, undo_stock
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import customer, staff
from tests.builders import NOON, ask, balance, make_product, make_stock, place_one
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2


@pytest.fixture
def ada() -> Asker:
    make_product("TEA", pieces=10)
    return staff(ADA, "fulfilment")


def say(
    asker: Asker, kind: ChangeKind, pieces: int, *, sku: str = "TEA", why: str = "", seen: int | None = None
) -> stock.Change:
    said = [Said(sku=sku, kind=kind, pieces=pieces)]
    (change,) = change_stock(asker=asker, said=said, why=why, seen=seen, now=NOON)
    return change


class TestSay:
    @pytest.mark.parametrize(
        ("kind", "pieces", "after"),
        [
            (ChangeKind.CAME_IN, 5, 15),
            (ChangeKind.COUNTED, 7, 7),
            (ChangeKind.COUNTED, 12, 12),
            (ChangeKind.COUNTED, 10, 10),
            (ChangeKind.LOST, 2, 8),
            (ChangeKind.BROKEN, 10, 0),
        ],
    )
    def test_moves_the_balance(self, ada: Asker, kind: ChangeKind, pieces: int, after: int) -> None:
        change = say(ada, kind, pieces, why="Tuesday")

        assert balance() == (after, 0)
        assert (change.on_hand_before, change.on_hand_after, change.why) == (10, after, "Tuesday")
        (record,) = trail.read_records(search=Search(operation="stock.edit"), limit=2)
        assert (record.subject_id, json.loads(record.before)) == ("TEA", {"on_hand": 10})
        assert json.loads(record.after) == {"on_hand": after, "kind": kind.value}
        assert audit_books() == []

    def test_never_takes_what_is_promised(self, ada: Asker) -> None:
        place_one(ask(lines={"TEA": 4}))

        with pytest.raises(StockImpossible, match="4 pieces of TEA are promised"):
            say(ada, ChangeKind.COUNTED, 3)
        with pytest.raises(StockImpossible):
            say(ada, ChangeKind.BROKEN, 7)
        say(ada, ChangeKind.LOST, 6)

        assert balance() == (4, 4)

    def test_of_many_is_whole_or_not_at_all(self, ada: Asker) -> None:
        make_stock("PEN", pieces=1)

        with pytest.raises(StockImpossible):
            change_stock(
                asker=ada,
                said=[
                    Said(sku="TEA", kind=ChangeKind.CAME_IN, pieces=5),
                    Said(sku="PEN", kind=ChangeKind.LOST, pieces=2),
                ],
                why="",
                now=NOON,
            )

        assert (balance(), balance("PEN")) == ((10, 0), (1, 0))

    def test_refuses_what_cannot_be(self, ada: Asker) -> None:
        make_stock("FILE", pieces=None)

        for kind, pieces in ((ChangeKind.CAME_IN, 0), (ChangeKind.LOST, -1), (ChangeKind.COUNTED, 10**9 + 1)):
            with pytest.raises(PiecesInvalid):
                say(ada, kind, pieces)
        with pytest.raises(PiecesInvalid):
            say(ada, ChangeKind.UNDONE, 1)
        with pytest.raises(UnknownStock):
            say(ada, ChangeKind.CAME_IN, 1, sku="GONE")
        with pytest.raises(StockImpossible, match="cannot run out"):
            say(ada, ChangeKind.COUNTED, 1, sku="FILE")

        assert (balance(), counting.list_changes(asker=ada, now=NOON)) == ((10, 0), [])

    def test_needs_the_permission(self, ada: Asker) -> None:
        for asker in (customer(9), staff(BOB, "support")):
            with pytest.raises(Forbidden):
                say(asker, ChangeKind.CAME_IN, 1)

        assert balance() == (10, 0)

    def test_tells_who_counted_that_something_moved_meanwhile(self, ada: Asker) -> None:
        say(staff(BOB, "fulfilment"), ChangeKind.CAME_IN, 5)

        with pytest.raises(ChangedMeanwhile) as told:
            say(ada, ChangeKind.COUNTED, 9, seen=10)

        assert told.value.facts["changes"] == {"TEA": (10, 15)}
        assert balance() == (15, 0)


class TestUndo:
    def test_is_a_movement_against_it(self, ada: Asker) -> None:
        change = say(ada, ChangeKind.BROKEN, 3)

        undone = undo_stock(asker=ada, change_id=change.id, why="The wrong shelf", now=NOON)

        assert (undone.kind, undone.quantity, undone.undoes) == (ChangeKind.UNDONE, 3, change.id)
        assert balance() == (10, 0)
        assert stock.changes.find(change_id=change.id).is_undone
        assert audit_books() == []
        for taken in (change.id, undone.id):
            with pytest.raises(StockUndone):
                undo_stock(asker=ada, change_id=taken, why="", now=NOON)

    def test_keeps_what_others_said_since(self, ada: Asker) -> None:
        change = say(ada, ChangeKind.CAME_IN, 5)
        say(ada, ChangeKind.BROKEN, 1)

        undo_stock(asker=ada, change_id=change.id, why="", now=NOON)

        assert balance() == (9, 0)

    def test_is_refused_when_somebody_counted_since(self, ada: Asker) -> None:
        change = say(ada, ChangeKind.CAME_IN, 5)
        count = say(ada, ChangeKind.COUNTED, 12)

        with pytest.raises(CountedSince):
            undo_stock(asker=ada, change_id=change.id, why="", now=NOON)

        assert balance() == (12, 0)
        undo_stock(asker=ada, change_id=count.id, why="", now=NOON)
        undo_stock(asker=ada, change_id=change.id, why="", now=NOON)
        assert balance() == (10, 0)

    def test_never_takes_what_was_promised_since(self, ada: Asker) -> None:
        change = say(ada, ChangeKind.CAME_IN, 5)
        place_one(ask(lines={"TEA": 12}))

        with pytest.raises(StockImpossible):
            undo_stock(asker=ada, change_id=change.id, why="", now=NOON)

        assert balance() == (15, 12)

    def test_happens_once_however_many_want_it(self, ada: Asker) -> None:
        change = say(ada, ChangeKind.CAME_IN, 5)
        outcomes: list[str] = []

        def undo() -> None:
            try:
                undo_stock(asker=ada, change_id=change.id, why="", now=NOON)
                outcomes.append("done")
            except StockUndone:
                outcomes.append("refused")

        together(undo, undo, undo)

        assert sorted(outcomes) == ["done", "refused", "refused"]
        assert balance() == (10, 0)


class TestLists:
    def test_page_in_the_order_of_skus(self, ada: Asker) -> None:
        for sku, pieces in (("PEN", 3), ("FILE", None), ("ZOO", 50)):
            make_stock(sku, pieces=pieces)

        def skus(**asked: object) -> list[str]:
            return [shelf.item.sku for shelf in counting.list_stock(asker=ada, limit=3, now=NOON, **asked)]  # type: ignore[arg-type]

        assert skus() == ["FILE", "PEN", "TEA"]
        assert skus(after="TEA") == ["ZOO"]
        assert skus(search="P") == ["PEN"]
        assert skus(only_low=True) == ["PEN"]

    def test_of_a_shelf_have_the_newest_first(self, ada: Asker) -> None:
        say(ada, ChangeKind.CAME_IN, 5)
        shelf = counting.read_shelf(asker=ada, sku="TEA", now=NOON)

        assert (shelf.item.on_hand, [change.quantity for change in shelf.changes]) == (15, [5])
