"""Replay returns: decide by which sale each piece that came back was sold, and say why the others are left alone.

Nothing here asks the shop: the same file gives the same answer in every run, and so the same refunds under the same
keys. Asking for the refunds is done over HTTP by whoever calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evertill.journeys.replay_invoices import Plan, ReturnLine, derive_key, pounds

# Stock codes of the data set under which no goods were sold. Others without digits, such as PADS, are goods.
_NOT_GOODS = frozenset(
    {"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S"},
)


class NoRefund(StrEnum):
    """Why pieces that came back give no money back."""

    NOT_GOODS = "they are no goods, but postage, a discount, a fee or a correction"
    NO_VALUE = "they have no price: a correction of the stock"
    NO_CUSTOMER = "no customer is named"
    NOT_BOUGHT = "the customer bought none of it earlier in the file"
    PRICE_DIFFERS = "the customer bought it earlier at other prices only"
    TOO_MANY = "the customer bought no more of it at this price, or returned it before"
    NOT_PAID = "the order they were sold by is not paid here"
    REFUSED = "the shop refused the refund"
    UNFINISHED = "the refund is promised and not made yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Pieces of one return line: all of them, or some."""

    returned: ReturnLine
    quantity: int

    @property
    def amount(self) -> int:
        """Minor units that these pieces are worth."""
        return self.quantity * self.returned.unit_price


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRefund:
    """What one return invoice gives back of one sale. `key` is its Idempotency-Key, the same in every run."""

    key: str
    invoice: str
    sold_by: str
    parts: tuple[Part, ...]

    @property
    def amount(self) -> int:
        """Minor units that go back."""
        return sum(part.amount for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Pieces that give nothing back, and why."""

    part: Part
    why: NoRefund
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """All that came back: what is given for it, and what is left."""

    refunds: tuple[PlannedRefund, ...]
    left: tuple[Left, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTally:
    """Lines, pieces, and minor units."""

    lines: int = 0
    units: int = 0
    amount: int = 0

    def __str__(self) -> str:
        return f"{self.lines:,} {'line' if self.lines == 1 else 'lines'}, {self.units:,} units, {pounds(self.amount)}"


def tally_of_parts(parts: Iterable[Part]) -> PartsTally:
    """This function will add pieces up; a line that is there in two parts counts once."""
    every = list(parts)
    return PartsTally(
        lines=len({item.returned.line for item in every}),
        units=sum(item.quantity for item in every),
        amount=sum(item.amount for item in every),
    )


@dataclass(slots=True, kw_only=True)
class _Sold:
    """What is left to return of one line of a sale."""

    invoice: str
    line: int
    unit_price: int
    left: int


def match_returns(plan: Plan) -> Returns:
    """This function will find for every return line the sales that it takes back, and say why where there is none.

    That is what the same customer bought of the same SKU at the same price earlier in the file. The price decides which
    sale is meant, and is what goes back: at another price somebody has to look, because either sum could be wrong. Of
    several sales the latest gives first, as a customer most probably brings back what he bought last; how many pieces
    find a sale does not depend on that, because what is open to one return stays open to later ones. No piece comes
    back twice.
    """
    sold = _sold_by_customer(plan)
    refunds: dict[tuple[str, str], list[Part]] = {}
    keys = {invoice.number: invoice.key for invoice in plan.invoices}
    left = []
    for returned in plan.returns:
        before = [item for item in sold.get((returned.customer, returned.sku), ()) if item.line < returned.line]
        rest = returned.quantity
        why = _why_not(returned, before)
        if why is None:
            for invoice, quantity in _take(returned, before):
                refunds.setdefault((returned.invoice, invoice), []).append(Part(returned=returned, quantity=quantity))
                rest -= quantity
            why = NoRefund.TOO_MANY
        if rest:
            left.append(Left(part=Part(returned=returned, quantity=rest), why=why))
    return Returns(
        refunds=tuple(
            PlannedRefund(key=derive_key(keys[sold_by], invoice), invoice=invoice, sold_by=sold_by, parts=tuple(parts))
            for (invoice, sold_by), parts in refunds.items()
        ),
        left=tuple(left),
    )


def _sold_by_customer(plan: Plan) -> dict[tuple[str, str], list[_Sold]]:
    """By customer and SKU, the latest first; sales to nobody in particular are not in it."""
    sold: dict[tuple[str, str], list[_Sold]] = {}
    for invoice in plan.invoices:
        if invoice.customer:
            for line in invoice.lines:
                sold.setdefault((invoice.customer, line.sku), []).append(
                    _Sold(invoice=invoice.number, line=line.line, unit_price=line.unit_price, left=line.quantity)
                )
    for lines in sold.values():
        lines.sort(key=lambda item: item.line, reverse=True)
    return sold


def _why_not(returned: ReturnLine, before: Sequence[_Sold]) -> NoRefund | None:
    """Why a return takes back none of the sales before it; None when there are some that it could."""
    if returned.sku.upper() in _NOT_GOODS:
        return NoRefund.NOT_GOODS
    if returned.unit_price <= 0:
        return NoRefund.NO_VALUE
    if not returned.customer:
        return NoRefund.NO_CUSTOMER
    if not before:
        return NoRefund.NOT_BOUGHT
    if all(item.unit_price != returned.unit_price for item in before):
        return NoRefund.PRICE_DIFFERS
    return None


def _take(returned: ReturnLine, before: Iterable[_Sold]) -> list[tuple[str, int]]:
    """Take pieces from the sales that have some left, and say how many from which invoice."""
    taken, wanted = [], returned.quantity
    for item in before:
        quantity = min(item.left, wanted) if item.unit_price == returned.unit_price else 0
        if quantity:
            item.left -= quantity
            wanted -= quantity
            taken.append((item.invoice, quantity))
    return taken
