"""Change prices: alone up to a percentage, beyond it when another person has approved exactly this; and the way back.

The percentage is measured from what was asked a day ago, so that many small steps are one large one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from evertill.domains import catalog, preferences, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval, ApprovalRequired
from evertill.domains.catalog import NewPrice, PriceChange, Priced
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, permitted
from evertill.kernel import money
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney, Money
from evertill.kernel.versions import check_unchanged

__all__ = [
    "ApprovalRequired",
    "NewPrice",
    "PlanNotOpen",
    "PlannedAlready",
    "PriceChange",
    "PriceUnchanged",
    "Priced",
    "TooManyPrices",
    "UndoneAlready",
    "ask_to_change_prices",
    "ask_to_undo_price",
    "change_prices",
    "list_changes",
    "list_currencies",
    "list_prices",
    "needs_approval",
    "undo_price",
]

UndoneAlready = catalog.history.UndoneAlready
PlannedAlready, PlanNotOpen = catalog.prices.PlannedAlready, catalog.prices.PlanNotOpen

# Prices of one change; more of them are a bulk.
PRICES_MAX = 200
_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_WINDOW = dt.timedelta(days=1)


class PriceUnchanged(EvertillError):
    """These prices are what they were."""

    code = "PRICE_UNCHANGED"
    remedy = "Enter what the price is to be."


class TooManyPrices(EvertillError):
    """More prices than one change may have."""

    code = "TOO_MANY_PRICES"
    status = "too_large"
    remedy = "Change fewer prices at once, or use a bulk."


def list_prices(
    *, asker: Asker, currency: str, search: str = "", after: str = "", limit: int, now: dt.datetime
) -> list[Priced]:
    """This function will return a price list in the order of SKUs; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        return catalog.prices.list_prices(currency=currency, search=search, after=after, limit=min(limit, 500))


def list_changes(
    *, asker: Asker, sku: str = "", currency: str = "", limit: int = 50, now: dt.datetime
) -> list[PriceChange]:
    """This function will return changes of prices, the newest first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        return catalog.prices.list_changes(sku=sku, currency=currency, limit=min(limit, 500))


def list_currencies() -> list[str]:
    """This function will return the currencies in which something has a price."""
    return catalog.prices.list_currencies()


def change_prices(
    *, asker: Asker, currency: str, prices: Sequence[NewPrice], why: str, now: dt.datetime
) -> list[PriceChange]:
    """This function will change prices of one list, all of them or none, and return the changes.

    `before` of each is what the asker saw. Raises Forbidden, ApprovalRequired beyond the percentage, ChangedMeanwhile
    when a price is no longer what he saw, catalog.prices.UnknownSku, InvalidMoney, PriceUnchanged and TooManyPrices.
    """
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        moved = _hold(currency, prices)
        by = approve_prices(asker=asker, currency=currency, prices=moved, now=now)
        return write_prices(asker=asker, currency=currency, prices=moved, why=why, approved_by=by, now=now)


def change_approved(
    *, asker: Asker, currency: str, prices: Sequence[NewPrice], why: str, approved_by: str, now: dt.datetime
) -> list[PriceChange]:
    """This function will do as change_prices, for a caller who has spent the approval of exactly these prices."""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        moved = _hold(currency, prices)
        return write_prices(asker=asker, currency=currency, prices=moved, why=why, approved_by=approved_by, now=now)


def ask_to_change_prices(
    *, asker: Asker, currency: str, prices: Sequence[NewPrice], why: str, now: dt.datetime
) -> Approval:
    """This function will ask for the approval of exactly these prices; raises what change_prices raises."""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        wish = _wish(currency, _hold(currency, prices))
    return decide_approvals.ask(asker=asker, wish=wish, why=why, now=now)


def undo_price(*, asker: Asker, change_id: int, why: str, now: dt.datetime) -> PriceChange:
    """This function will bring back the price that a change took away, as a new change.

    Raises what change_prices raises, catalog.prices.UnknownPriceChange, catalog.history.UndoneAlready, and
    ChangedMeanwhile when the price was changed again since: that would be taken back unseen.
    """
    found = catalog.prices.find_change(change_id=change_id)
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(found.currency), now=now):
        moved = _hold_back(change_id)
        by = approve_prices(asker=asker, currency=found.currency, prices=moved, now=now)
        (undone,) = write_prices(
            asker=asker, currency=found.currency, prices=moved, why=why, approved_by=by, undoes=change_id, now=now
        )
        return undone


def ask_to_undo_price(*, asker: Asker, change_id: int, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that undo_price needs; raises what that raises."""
    found = catalog.prices.find_change(change_id=change_id)
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(found.currency), now=now):
        wish = _wish(found.currency, _hold_back(change_id))
    return decide_approvals.ask(asker=asker, wish=wish, why=why, now=now)


def approve_prices(*, asker: Asker, currency: str, prices: Sequence[NewPrice], now: dt.datetime) -> str:
    """This function will use up the approval of exactly these prices where they need one, and say who gave it.

    In the caller's transaction; raises ApprovalRequired.
    """
    if not needs_approval(currency=currency, prices=prices, now=now):
        return ""
    return approved(asker=asker, wish=_wish(currency, prices), now=now)


def needs_approval(*, currency: str, prices: Sequence[NewPrice], now: dt.datetime) -> bool:
    """This function will say whether another person has to approve these prices: one moves by more than may be alone.

    A first price, and taking one away, move nothing that could be compared.
    """
    alone = Fraction(preferences.number(preferences.Name.PRICE_ALONE_PERCENT), 100)
    known = catalog.prices.read_references(skus=[price.sku for price in prices], currency=currency, since=now - _WINDOW)
    return any(
        price.after is not None
        and price.sku in known
        and catalog.rules.share_of(before=known[price.sku], after=price.after) > alone
        for price in prices
    )


def write_prices(
    *,
    asker: Asker,
    currency: str,
    prices: Sequence[NewPrice],
    why: str,
    approved_by: str,
    undoes: int | None = None,
    now: dt.datetime,
) -> list[PriceChange]:
    """This function will write prices that the caller holds and may change, and record each of them."""
    made = catalog.prices.change_prices(
        currency=currency,
        prices=prices,
        by=asker.name,
        why=why,
        approved_by=approved_by,
        undoes=undoes,
        now=now,
    )
    changes = catalog.prices.read_changes(change_ids=made)
    trail.write_all(
        entries=[
            trail.Entry(
                actor=asker.actor,
                operation="prices.undo" if undoes else "prices.edit",
                subject=Subject(kind="price", id=f"{change.sku} {currency}"),
                before={"amount": change.before},
                after={"amount": change.after} | ({"approved_by": approved_by} if approved_by else {}),
                why=why,
            )
            for change in changes
        ],
        now=now,
    )
    return changes


def read_price(text: str, *, currency: str) -> int | None:
    """This function will read a price as people write it, in minor units; None for an empty text.

    Raises InvalidMoney, also for what a program might read as a number, and a person would not write as a price.
    """
    plain = text.strip()
    if not plain:
        return None
    if _PRICE.fullmatch(plain) is None:
        raise InvalidMoney(f"'{plain[:40]}' is not a price; write it like 1234.50, without signs or separators.")
    return money.parse(plain, currency=currency).amount


def write_price(amount: int | None, *, currency: str) -> str:
    """This function will write a price as read_price reads it; "" for none."""
    return "" if amount is None else f"{money.as_decimal(Money(amount=amount, currency=currency)):f}"


def _hold(currency: str, prices: Sequence[NewPrice]) -> list[NewPrice]:
    """Hold prices and return those that are to move, with what they are now."""
    if not money.is_currency(currency):
        raise InvalidMoney(f"'{currency[:16]}' is not a currency code of three capital letters.")
    if len(prices) > PRICES_MAX:
        raise TooManyPrices(f"{len(prices)} prices are to change; {PRICES_MAX} is the most at once.")
    for price in prices:
        if price.after is not None and not 0 <= price.after <= money.AMOUNT_MAX:
            raise InvalidMoney(f"{price.sku}: the price is out of range.")
    known = catalog.prices.hold_prices(skus=[price.sku for price in prices], currency=currency)
    moved = [price for price in prices if price.after != known[price.sku] and price.before != price.after]
    check_unchanged(
        what="A price",
        seen={price.sku: price.before for price in moved},
        now={price.sku: known[price.sku] for price in moved},
    )
    if not moved:
        raise PriceUnchanged("No price is to be another one.")
    return moved


def _hold_back(change_id: int) -> list[NewPrice]:
    change = catalog.prices.find_change(change_id=change_id)
    held = catalog.prices.hold_prices(skus=[change.sku], currency=change.currency)
    # Looked at again behind the lock: whoever held it may have taken it back.
    if catalog.prices.find_change(change_id=change_id).is_undone:
        raise catalog.history.UndoneAlready("This change has been taken back already.")
    check_unchanged(what="The price", seen={change.sku: change.after}, now={change.sku: held[change.sku]})
    return [NewPrice(sku=change.sku, before=change.after, after=change.before)]


def _wish(currency: str, prices: Sequence[NewPrice]) -> Wish:
    told: Mapping[str, Any] = {price.sku: [price.before, price.after] for price in prices}
    return Wish(
        permission=Permission.PRICES_EDIT, subject=_subject(currency), content={"currency": currency, "prices": told}
    )


def _subject(currency: str) -> Subject:
    return Subject(kind="price-list", id=currency[:16])
