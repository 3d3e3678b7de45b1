"""Replay invoices: read a retailer's invoice lines, decide which were sales, and what a shop needs to take them again.

Placing and paying them is done over HTTP by whoever calls, so that a replay goes the way of every order. What came back
is in replay_returns.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from evertill.domains import catalog, orders, payments, stock
from evertill.journeys.import_products import Imported, Tell, import_goods, tell_nobody
from evertill.journeys.place_orders import digest_key
from evertill.journeys.product_rows import Goods
from evertill.kernel import config, csvfile, money
from evertill.kernel.csvfile import BadRow
from evertill.kernel.money import InvalidMoney, Money

REQUIRED = ("InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "CustomerID")
CURRENCY = "GBP"
# The token that a replay issues itself: always one name, and so one caller whom the keys belong to.
TOKEN_NAME = "replay"  # noqa: S105 — a name, no secret.

_Value = TypeVar("_Value")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_TITLE_CHARS_MAX = 200
_INVOICE_CHARS_MAX = 64
# The orders that one look into the database takes.
_PART = 200
_PAID = (orders.State.PAID, orders.State.REFUNDED)


class Why(StrEnum):
    """Why a line is not placed."""

    UNREADABLE = "the line cannot be read"
    CANCELLATION = "it belongs to a cancellation (C…) and takes nothing back"
    QUANTITY = "its quantity is zero"
    PRICE = "its price is not positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A line of the file that is neither a sale nor a return."""

    line: int
    invoice: str
    sku: str
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """A line that was sold, in pieces and minor units."""

    line: int
    sku: str
    title: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """A line that came back, in pieces (positive, though the file has them negative) and minor units."""

    line: int
    invoice: str
    customer: str
    sku: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One sale: an order to be. `key` is its Idempotency-Key, the same in every run over the same file."""

    number: str
    key: str
    customer: str
    email: str
    lines: tuple[SaleLine, ...]

    @property
    def units(self) -> int:
        """Pieces of all lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def total(self) -> int:
        """Minor units of all lines."""
        return sum(line.quantity * line.unit_price for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Orders, pieces, and minor units."""

    orders: int = 0
    units: int = 0
    amount: int = 0

    def with_invoice(self, invoice: Invoice) -> Tally:
        """This function will count one more invoice."""
        return Tally(orders=self.orders + 1, units=self.units + invoice.units, amount=self.amount + invoice.total)

    def __str__(self) -> str:
        return f"{self.orders:,} orders, {self.units:,} units, {pounds(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the database has of a replay: orders, those of them that are paid, and minor units that came and went."""

    placed: Tally
    paid: int
    captured: int
    refunded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a file comes to: the sales in their order, the goods they need, what came back, and what is left out."""

    digest: str
    invoices: tuple[Invoice, ...]
    returns: tuple[ReturnLine, ...]
    goods: tuple[Goods, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def tally(self) -> Tally:
        """What placing all of it comes to."""
        return tally_of(self.invoices)


def pounds(amount: int) -> str:
    """This function will write minor units as people do."""
    return f"£{money.as_decimal(Money(amount=amount, currency=CURRENCY)):,.2f}"


def tally_of(invoices: Iterable[Invoice]) -> Tally:
    """This function will add invoices up."""
    tally = Tally()
    for invoice in invoices:
        tally = tally.with_invoice(invoice)
    return tally


def derive_key(key: str, *more: str) -> str:
    """This function will return the Idempotency-Key of something that belongs to what `key` stands for."""
    derived = "/".join([key, *(quote(part, safe="") for part in more)])
    if len(derived) <= config.get().idempotency_key_chars_max:
        return derived
    # Cut off, two keys could be one.
    return f"replay-{hashlib.sha256(derived.encode()).hexdigest()}"[: config.get().idempotency_key_chars_max]


def read_invoices(path: Path) -> Plan:
    """This function will read a file of invoice lines and decide which are sales and returns; raises FileUnusable.

    Columns: InvoiceNo, StockCode, Description, Quantity, UnitPrice (GBP), CustomerID; others are passed over. Stock
    codes are kept as they are: 85123A and 85123a are two SKUs.
    """
    limits = config.get()
    csvfile.check_file(path, bytes_max=limits.import_bytes_max)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    sales: dict[str, list[SaleLine]] = {}
    customers: dict[str, str] = {}
    returns, left_out = [], []
    rows = csvfile.read_rows(
        path, encoding=csvfile.find_encoding(path), required=REQUIRED, rows_max=limits.import_rows_max
    )
    for row in rows:
        if isinstance(row, BadRow):
            left_out.append(LeftOut(line=row.line, invoice="", sku="", why=Why.UNREADABLE, detail=row.reason))
            continue
        invoice = row.cells["InvoiceNo"]
        match _read_line(row):
            case SaleLine() as sold:
                sales.setdefault(invoice, []).append(sold)
                customers.setdefault(invoice, row.cells["CustomerID"])
            case ReturnLine() as returned:
                returns.append(returned)
            case left:
                left_out.append(left)
    invoices = tuple(
        Invoice(
            number=number,
            key=derive_key(f"replay-{digest}-{quote(number, safe='')}"),
            customer=customers[number],
            email=_email_of(customers[number]),
            lines=tuple(lines),
        )
        for number, lines in sales.items()
    )
    return Plan(
        digest=digest,
        invoices=invoices,
        returns=tuple(returns),
        goods=_goods_of(invoices),
        left_out=tuple(left_out),
    )


def prepare_shop(plan: Plan, *, owner: str, now: dt.datetime, tell: Tell = tell_nobody) -> Imported:
    """This function will put the goods of a plan on sale, with stock for all of it that is not placed yet.

    It takes no stock away, and what others were promised is not counted on. Doing it again changes nothing. `owner` is
    the Caller's key_owner. Raises import_products.RowsRejected.
    """
    placed = _find_placed(plan.invoices, owner=owner)
    needed = Counter[str]()
    for invoice in plan.invoices:
        if invoice.key not in placed:
            for line in invoice.lines:
                needed[line.sku] += line.quantity
    items = stock.read_items(skus=[goods.sku for goods in plan.goods])
    stocked = [replace(goods, on_hand=_enough(needed[goods.sku], items.get(goods.sku))) for goods in plan.goods]
    return import_goods(stocked, now=now, tell=tell)


def read_books(invoices: Sequence[Invoice], *, owner: str) -> Books:
    """This function will add up what the database has under the keys of these invoices, by what it kept."""
    found = [keyed.order for keyed in _find_placed(invoices, owner=owner).values()]
    taken = payments.read_taken(order_ids=[order.id for order in found])
    return Books(
        placed=Tally(
            orders=len(found),
            units=sum(line.quantity for order in found for line in order.lines),
            amount=sum(order.total for order in found),
        ),
        paid=sum(order.state in _PAID for order in found),
        captured=sum(item.captured for item in taken.values()),
        refunded=sum(item.refunded for item in taken.values()),
    )


def _find_placed(invoices: Sequence[Invoice], *, owner: str) -> dict[str, orders.Keyed]:
    """By Idempotency-Key."""
    placed: dict[str, orders.Keyed] = {}
    for start in range(0, len(invoices), _PART):
        keys = {digest_key(caller=owner, key=item.key.encode()): item.key for item in invoices[start : start + _PART]}
        placed |= {keys[digest]: found for digest, found in orders.find_by_keys(digests=list(keys)).get().items()}
    return placed


def _read_line(row: csvfile.Row) -> SaleLine | ReturnLine | LeftOut:
    cells = row.cells
    invoice, sku = cells["InvoiceNo"], cells["StockCode"]
    price = _price_of(cells["UnitPrice"])
    if not invoice or len(invoice) > _INVOICE_CHARS_MAX:
        detail = "The invoice number is empty or too long."
    elif fault := catalog.fault_of_sku(sku):
        detail = fault
    elif _WHOLE.fullmatch(cells["Quantity"]) is None:
        detail = "The quantity is not a whole number."
    elif price is None:
        detail = "The price is not an amount in pounds and pence."
    else:
        return _sort_line(row, quantity=int(cells["Quantity"]), unit_price=price)
    return LeftOut(line=row.line, invoice=invoice[:_INVOICE_CHARS_MAX], sku=sku, why=Why.UNREADABLE, detail=detail)


def _sort_line(row: csvfile.Row, *, quantity: int, unit_price: int) -> SaleLine | ReturnLine | LeftOut:
    """Say whether a line that can be read was a sale, a return, or neither."""
    invoice, sku = row.cells["InvoiceNo"], row.cells["StockCode"]
    if quantity < 0:
        return ReturnLine(
            line=row.line,
            invoice=invoice,
            customer=row.cells["CustomerID"],
            sku=sku,
            quantity=-quantity,
            unit_price=unit_price,
        )
    if invoice.startswith("C"):
        why = Why.CANCELLATION
    elif quantity == 0:
        why = Why.QUANTITY
    elif unit_price <= 0:
        why = Why.PRICE
    else:
        title = "".join(letter if letter.isprintable() else " " for letter in row.cells["Description"])
        return SaleLine(line=row.line, sku=sku, title=title, quantity=quantity, unit_price=unit_price)
    return LeftOut(line=row.line, invoice=invoice, sku=sku, why=why)


def _price_of(text: str) -> int | None:
    try:
        return money.parse(text, currency=CURRENCY).amount
    except InvalidMoney:
        return None


def _goods_of(invoices: Iterable[Invoice]) -> tuple[Goods, ...]:
    """One per SKU, under its most frequent title and price; the first of equals."""
    lines: dict[str, list[SaleLine]] = {}
    for invoice in invoices:
        for line in invoice.lines:
            lines.setdefault(line.sku, []).append(line)
    return tuple(
        Goods(
            line=sold[0].line,
            sku=sku,
            title=_most_frequent([line.title for line in sold if line.title] or [sku])[:_TITLE_CHARS_MAX],
            prices={CURRENCY: _most_frequent([line.unit_price for line in sold])},
            on_hand=sum(line.quantity for line in sold),
        )
        for sku, sold in lines.items()
    )


def _most_frequent(values: Sequence[_Value]) -> _Value:
    return Counter(values).most_common(1)[0][0]


def _email_of(customer: str) -> str:
    # .invalid never resolves (RFC 2606), so that nobody can ever be written to by mistake.
    name = re.sub(r"[^A-Za-z0-9._-]", "_", customer)[:_INVOICE_CHARS_MAX] or "nobody"
    return f"{name}@customers.invalid"


def _enough(needed: int, item: stock.Item | None) -> int | None:
    if item is None:
        return needed
    return None if item.kind is stock.Kind.UNLIMITED else max(item.on_hand, item.reserved + needed)
