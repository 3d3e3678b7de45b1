"""What the shop can decide, in the words of whoever decides it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.preferences import Kind, Name

TITLES: Mapping[Name, Promise | str] = {
    Name.SHOP_NAME: _("Name of the shop"),
    Name.SHOP_CONTACT: _("How customers reach the shop"),
    Name.TIME_ZONE: _("Time zone"),
    Name.BANNER_EN: _("Message on English pages"),
    Name.BANNER_ZH: _("Message on Chinese pages"),
    Name.REFUND_ALONE_MAX: _("Refunds by one person alone"),
    Name.PRICE_ALONE_PERCENT: _("Price changes by one person alone"),
    Name.REVIEW_FROM: _("Orders that are reviewed"),
    Name.STOCK_LOW: _("Running out"),
    Name.SUBMISSION_KEEP_DAYS: _("Keeping failed checkouts"),
}

# The sentences of the one table, where whoever translates finds them; a test holds the two together.
SAYS: Mapping[Name, Promise | str] = {
    Name.SHOP_NAME: _(
        "What the shop is called, on its pages and wherever else customers read it; empty means Evertill."
    ),
    Name.SHOP_CONTACT: _(
        "How customers reach the shop: an address, a telephone number or both; at the foot of its pages."
    ),
    Name.TIME_ZONE: _(
        "Where the shop's day begins and ends, e.g. Asia/Shanghai: for what came in today, for days that are searched,"
        " and for prices that begin later."
    ),
    Name.BANNER_EN: _("A message at the top of the shop's pages in English; empty shows none."),
    Name.BANNER_ZH: _("A message at the top of the shop's pages in Chinese; empty shows none."),
    Name.REFUND_ALONE_MAX: _(
        "Minor units (pence, fen, yen) of one order that a member of staff gives back alone, all of its refunds"
        " together; beyond it another person approves."
    ),
    Name.PRICE_ALONE_PERCENT: _(
        "Percent by which a member of staff changes a price alone, up or down; beyond it another person approves."
    ),
    Name.REVIEW_FROM: _(
        "Total in minor units from which an order is reviewed before anything is handed over; 0 reviews none for its"
        " total."
    ),
    Name.STOCK_LOW: _("Pieces left, or fewer, at which something is shown as running out."),
    Name.SUBMISSION_KEEP_DAYS: _(
        "Days for which a checkout that failed through our fault is kept; customers are told."
    ),
}

UNITS: Mapping[Kind, Promise | str] = {
    Kind.TEXT: "",
    Kind.ZONE: "",
    Kind.AMOUNT: _("minor units"),
    Kind.PERCENT: _("percent"),
    Kind.DAYS: _("days"),
    Kind.PIECES: _("pieces"),
}

GROUPS: tuple[tuple[Promise | str, tuple[Name, ...]], ...] = (
    (_("What customers see"), (Name.SHOP_NAME, Name.SHOP_CONTACT, Name.BANNER_EN, Name.BANNER_ZH)),
    (
        _("What takes two people, or a second look"),
        (Name.REFUND_ALONE_MAX, Name.PRICE_ALONE_PERCENT, Name.REVIEW_FROM),
    ),
    (_("What is kept and counted"), (Name.TIME_ZONE, Name.STOCK_LOW, Name.SUBMISSION_KEEP_DAYS)),
)
