"""Amounts as people of a language write them."""

from __future__ import annotations

from evertill.kernel.money import Money, as_decimal

# Of each language, the signs that need no country beside them.
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
_LOCAL_SIGNS = {"zh": {"CNY": "¥", "USD": "US$"}, "ja": {"JPY": "¥", "USD": "US$"}}


def write_price(amount: int, currency: str, *, language: str) -> str:
    """This function will write minor units as people of a language do: £8.50, CN¥68.00, CHF 12.00."""
    number = f"{as_decimal(Money(amount=amount, currency=currency)):,}"
    local = _LOCAL_SIGNS.get(language.partition("-")[0], {})
    if currency in local:
        return f"{local[currency]}{number}"
    if currency == "CNY":
        return f"CN¥{number}"
    return f"{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{currency} {number}"
