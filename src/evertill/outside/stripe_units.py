"""Amounts as Stripe counts them, which for a few currencies is not in ISO 4217's minor units. Pure.

Source: https://docs.stripe.com/currencies, sections "Zero-decimal currencies", "Three-decimal currencies" and "Special
cases", read in November 2026.
"""

from __future__ import annotations

from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money, exponent

# Where Stripe's decimals differ from ISO 4217's. MGA is on Stripe's list of zero-decimal currencies, by ISO it has two.
# ISK and UGX have none by ISO, but "backwards compatibility requires you to represent it as a two-decimal value": 5 ISK
# are 500. (UGX is on the list of zero-decimal currencies as well; the special case says more. HUF and TWD are special
# for payouts only.)
_DECIMALS = {"ISK": 2, "MGA": 0, "UGX": 2}

# Of three-decimal currencies, Stripe wants the last digit to be 0.
_THREE, _TEN = 3, 10


class NotInStripesUnits(EvertillError):
    """An amount that Stripe cannot take exactly; it is refused, never rounded."""

    code = "NOT_IN_STRIPES_UNITS"


def to_stripe(money: Money) -> int:
    """This function will return an amount as Stripe counts it; raises NotInStripesUnits."""
    decimals = exponent(money.currency)
    wanted = _DECIMALS.get(money.currency, decimals)
    if wanted >= decimals:
        amount = money.amount * _power(wanted - decimals)
    else:
        amount, rest = divmod(money.amount, _power(decimals - wanted))
        if rest:
            raise NotInStripesUnits(f"Stripe takes whole units of {money.currency} only, not {money}.")
    if wanted == _THREE and amount % _TEN:
        raise NotInStripesUnits(f"Of {money.currency}, Stripe takes two decimals only, not {money}.")
    return amount


def from_stripe(amount: int, *, currency: str) -> Money:
    """This function will read an amount as Stripe counts it, its currency in lower case; raises NotInStripesUnits."""
    name = currency.upper()
    decimals = exponent(name)
    given = _DECIMALS.get(name, decimals)
    if given <= decimals:
        return Money(amount=amount * _power(decimals - given), currency=name)
    # Below zero too, because a bill has both signs.
    whole, rest = divmod(abs(amount), _power(given - decimals))
    if rest:
        raise NotInStripesUnits(f"Stripe tells of a fraction of {name}: {amount}.")
    return Money(amount=whole if amount >= 0 else -whole, currency=name)


def _power(digits: int) -> int:
    return int(10**digits)
