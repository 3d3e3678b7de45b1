"""Stock as a table: saved for a spreadsheet, and taken back as a bulk that shows each SKU before it moves.

The table says in `stock` what lies on the shelf, and in `was` what lay there when it was saved. What somebody changes
in `stock` is taken as a difference from `was`: what was sold while he worked stays sold. Without the column `was` it is
a count of what lies there now.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from evertill.domains import catalog, fulfilment, stock
from evertill.domains.access import Permission
from evertill.domains.stock import ChangeKind, Item, Said
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.change_stock import change_stock
from evertill.journeys.export_table import Cell, Table
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.table_rows import Sent, Wrong, clipped, of_bad
from evertill.kernel import tables
from evertill.kernel.tables import Row

__all__ = ["COLUMNS", "STOCK", "STOCK_MANY", "read_stock"]

COLUMNS = ("sku", "title", "stock", "was", "promised")
_PART = 500
_PIECES = re.compile(r"[0-9]{1,12}")
_TITLE_CHARS = 80


def _read_all(filters: Mapping[str, str], most: int) -> Iterator[Sequence[Cell]]:
    after, left = "", most
    while left > 0:
        items = stock.list_items(search=filters.get("q", ""), after=after, limit=min(_PART, left))
        titles = catalog.prices.name_skus(skus=[item.sku for item in items])
        coded = fulfilment.find_pools(skus=[item.sku for item in items])
        for item in items:
            # Of what cannot run out, and of what is sold by codes, there is nothing to count.
            counted = item.kind is stock.Kind.COUNTED and item.sku not in coded
            pieces = (item.on_hand, item.on_hand, item.reserved) if counted else (None, None, None)
            yield (item.sku, titles.get(item.sku, item.sku), *pieces)
        if len(items) < _PART:
            return
        after, left = items[-1].sku, left - len(items)


STOCK = Table(
    name="stock",
    permission=Permission.STOCK_EDIT,
    is_personal=False,
    columns=COLUMNS,
    read=_read_all,
    comes_back=True,
)


def read_stock(*, asker: Asker, file: IO[bytes], now: dt.datetime) -> Sent:
    """This function will return what a table of stock would do; raises Forbidden and tables.FileUnusable."""
    table = tables.read_table(file, required=("sku", "stock"), is_known=COLUMNS.__contains__, limits=tables.limits())
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=Subject(kind="stock"), now=now):
        skus = [row.cells["sku"] for row in table.rows]
        items = stock.read_items(skus=skus)
        titles = catalog.prices.name_skus(skus=skus)
    wrong, targets = [of_bad(row) for row in table.bad], []
    met: dict[str, int] = {}
    for row in table.rows:
        sku = row.cells["sku"]
        fault = _fault_of(row, items.get(sku), met)
        met.setdefault(sku, row.line)
        if fault is not None:
            wrong.append(fault)
        elif (target := _target(row, items[sku], titles.get(sku, sku))) is not None:
            targets.append(target)
    untouched = len(table.rows) + len(table.bad) - len(wrong) - len(targets)
    return Sent(
        targets=targets, wrong=sorted(wrong, key=lambda one: one.line), changed=len(targets), untouched=untouched
    )


def _fault_of(row: Row, item: Item | None, met: Mapping[str, int]) -> Wrong | None:
    sku, says = row.cells["sku"], ""
    pieces = [row.cells[column] for column in ("stock", "was") if row.cells.get(column)]
    if sku in met:
        says = "SKU %(sku)s stands in row %(line)s too."
    elif item is None:
        says = "There is no SKU %(sku)s. Spreadsheets drop leading zeros, for example."
    elif any(_PIECES.fullmatch(text) is None or int(text) > stock.PIECES_MAX for text in pieces):
        says = "This is not a number of pieces."
    elif item.kind is stock.Kind.UNLIMITED and pieces:
        says = "SKU %(sku)s cannot run out, so its stock is left empty."
    elif row.cells.get("was") and not row.cells["stock"]:
        says = "The stock is empty; enter 0 when nothing is left."
    return Wrong(line=row.line, says=says, facts={"sku": sku, "line": met.get(sku, 0)}) if says else None


def _target(row: Row, item: Item, title: str) -> Target | None:
    """Make one thing of a bulk; None where the row says nothing new."""
    said, was = row.cells["stock"], row.cells.get("was", "")
    if not said or int(said) == int(was or item.on_hand):
        return None
    return Target(
        subject=item.sku,
        label=f"{clipped(title, _TITLE_CHARS)} ({row.line})",
        content={
            "sku": item.sku,
            "stock": int(said),
            # None: it is a count of what lies there now, and that is what he saw.
            "was": int(was) if was else None,
            "seen": item.on_hand,
        },
    )


def _look_at(
    *, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime
) -> list[Forecast]:
    del asker, options, now
    skus = [one.subject for one in targets]
    items, coded = stock.read_items(skus=skus), fulfilment.find_pools(skus=skus)
    return [_foresee(one.content, items.get(one.subject), is_coded=one.subject in coded) for one in targets]


def _foresee(content: Mapping[str, Any], item: Item | None, *, is_coded: bool) -> Forecast:
    if item is None:
        return Forecast(refused_code="UNKNOWN_SKU", refused="There is no such SKU.")
    if is_coded:
        refused = "It is sold by codes; its pieces are the codes that are there."
        return Forecast(before=str(item.on_hand), refused_code="SOLD_BY_CODES", refused=refused)
    quantity = _difference(content) if content["was"] is not None else content["stock"] - item.on_hand
    # What has moved since the table was saved is told: "8 (10)".
    moved = f" ({content['was']})" if content["was"] not in (None, item.on_hand) else ""
    before, after = f"{item.on_hand}{moved}", f"{item.on_hand + quantity} ({quantity:+d})"
    fault = stock.fault_of_change(item=item, quantity=quantity)
    if fault is not None:
        return Forecast(before=before, after=after, refused_code="STOCK_IMPOSSIBLE", refused=fault)
    return Forecast(before=before, after=after)


def _difference(content: Mapping[str, Any]) -> int:
    return int(content["stock"]) - int(content["was"])


def _change_one(task: Task) -> str:
    content, seen = task.content, None
    sku = str(content["sku"])
    if content["was"] is None:
        said, seen = Said(sku=sku, kind=ChangeKind.COUNTED, pieces=int(content["stock"])), int(content["seen"])
    else:
        quantity = _difference(content)
        kind = ChangeKind.CAME_IN if quantity > 0 else ChangeKind.LOST
        said = Said(sku=sku, kind=kind, pieces=abs(quantity))
    (change,) = change_stock(asker=task.asker, said=[said], seen=seen, why=task.why, now=task.now)
    return str(change.on_hand_after)


STOCK_MANY = BulkOperation(
    name="stock.edit-many",
    says="Change stock",
    kind="stock",
    permission=Permission.STOCK_EDIT,
    preview=_look_at,
    apply=_change_one,
)
