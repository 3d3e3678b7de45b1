"""A receipt in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from evertill.entry.pages.amounts import write_price
from evertill.entry.pages.moments import moment
from evertill.entry.shop.ordered import Line, name_of, show_line
from evertill.journeys.view_receipt import Moved, Receipt
from evertill.kernel import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Money that moved: by what, when, and how much."""

    title: str
    number: str
    at: SafeString
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A receipt, or what would be one once the order is paid."""

    number: str
    is_paid: bool
    placed_at: SafeString
    contact: str
    lines: list[Line]
    total: str
    came: list[Row]
    went_back: list[Row]
    left: str


def show(receipt: Receipt, *, language: str) -> Shown:
    """This function will put a receipt into words."""
    order = receipt.order
    # In another currency nothing was bought, and it goes back whole.
    came = sum(one.amount.amount for one in receipt.came if one.amount.currency == order.currency)
    back = sum(one.amount.amount for one in receipt.went_back if one.amount.currency == order.currency)
    return Shown(
        number=ids.to_number(order.id),
        is_paid=receipt.is_paid,
        placed_at=moment(order.placed_at),
        contact=order.email or order.phone,
        lines=[show_line(line, order.currency, language=language) for line in order.lines],
        total=write_price(order.total, order.currency, language=language),
        came=[_row(one, language=language) for one in receipt.came],
        went_back=[_row(one, language=language) for one in receipt.went_back],
        left=write_price(came - back, order.currency, language=language),
    )


def _row(moved: Moved, *, language: str) -> Row:
    return Row(
        title=name_of(moved.provider),
        number=moved.number,
        at=moment(moved.at),
        amount=write_price(moved.amount.amount, moved.amount.currency, language=language),
    )
