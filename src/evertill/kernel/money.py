"""Money is a whole number of minor units and a currency; it never meets a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, Overflow

from evertill.kernel.errors import EvertillError

# Minor-unit digits that differ from two, from ISO 4217 (list one, 2024).
_EXPONENTS = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0, "KRW": 0,
    "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0,
    "XPF": 0,
}  # fmt: skip

_CURRENCY = re.compile(r"[A-Z]{3}")

# Far above any order and far below the edge of a 64-bit column, so that sums cannot overflow there.
AMOUNT_MAX = 10**15

# More digits than an amount and its decimals can have; what needs more is refused, never rounded.
_EXACT = Context(prec=32, traps=[InvalidOperation, Inexact, Overflow])


class InvalidMoney(EvertillError):
    """A text is not an amount, or not one of this currency."""

    code = "INVALID_MONEY"


@dataclass(frozen=True, slots=True, kw_only=True, order=False)
class Money:
    """An amount in minor units (pence, fen, yen) of one currency (ISO 4217, upper case)."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """This function will add two amounts of one currency; raises InvalidMoney when the currencies differ."""
        if other.currency != self.currency:
            raise InvalidMoney(f"{self.currency} and {other.currency} cannot be added.")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __str__(self) -> str:
        return f"{as_decimal(self)} {self.currency}"


def is_currency(text: str) -> bool:
    """This function will say whether a text has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def exponent(currency: str) -> int:
    """This function will return the number of minor-unit digits of a currency."""
    return _EXPONENTS.get(currency, 2)


def as_decimal(money: Money) -> Decimal:
    """This function will return the amount in major units, exactly."""
    return Decimal(money.amount).scaleb(-exponent(money.currency))


def parse(text: str, *, currency: str) -> Money:
    """This function will read major units ("15.30") as minor units; raises InvalidMoney, also for too many decimals."""
    if not is_currency(currency):
        raise InvalidMoney(f"'{currency[:16]}' is not a currency code of three capital letters.")
    try:
        scaled = Decimal(text.strip()).scaleb(exponent(currency), context=_EXACT)
    except InvalidOperation:
        raise InvalidMoney(f"'{text[:40]}' is not an amount.") from None
    except (Inexact, Overflow):
        raise InvalidMoney(f"'{text[:40]}' is out of range.") from None
    if not scaled.is_finite() or abs(scaled) > AMOUNT_MAX:
        raise InvalidMoney(f"'{text[:40]}' is out of range.")
    whole = scaled.to_integral_value(rounding=ROUND_HALF_EVEN)
    if whole != scaled:
        raise InvalidMoney(f"'{text[:40]}' has more decimals than {currency} has.")
    return Money(amount=int(whole), currency=currency)
