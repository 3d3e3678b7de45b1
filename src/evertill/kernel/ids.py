"""Identifiers that are short, unguessable, self-checking and kind to the database's indexes.

An identifier is 60 bits: the minute it was made in (25 bits, enough until 2089) and 35 random bits. Its leading minute
keeps new rows next to each other in every index, so that an insert touches warm pages however many orders are stored;
the random rest keeps the next number unguessable. People see it as 12 characters of Crockford's base 32 and one check
character, in groups: 0F3K-8ZQM-2RTVC.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence

# Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O or U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {c: i for i, c in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_PAIR_VALUES = {a + b: high << 5 | low for a, high in _VALUES.items() for b, low in _VALUES.items()}


def _times_alpha(value: int) -> int:
    # Multiplication by x in GF(32), modulo x⁵ + x² + 1.
    return ((value << 1) ^ 0b100101) & 31 if value & 16 else value << 1


def _check_tables() -> list[list[int]]:
    # What a pair of characters adds to the check, for each of the six places a pair can stand in.
    tables = []
    for place in range(6):
        table = []
        for high in range(32):
            for low in range(32):
                value = _times_alpha(high) ^ low
                for _ in range(2 * place + 1):
                    value = _times_alpha(value)
                table.append(value)
        tables.append(table)
    return tables


_T0, _T1, _T2, _T3, _T4, _T5 = _check_tables()

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RANDOM_BITS = 35
BITS = 60
# Twelve of five bits each, and the check character.
_CHARS = 13
_RANDOM_MASK = (1 << RANDOM_BITS) - 1
_MINUTE_MAX = (1 << (BITS - RANDOM_BITS)) - 1

RandomBits = Callable[[int], int]


class InvalidNumber(ValueError):
    """A text is not a number that this shop could have given: wrong form, or its check character does not fit."""


def new_ids(count: int, *, now: dt.datetime, randbits: RandomBits = secrets.randbits) -> list[int]:
    """This function will return `count` different identifiers for one moment, each 0 ≤ id < 2⁶⁰."""
    head = first_of(now)
    bits = randbits(64 * count)
    made = [head | ((bits >> (64 * i)) & _RANDOM_MASK) for i in range(count)]
    if len(set(made)) != count:
        return new_ids(count, now=now, randbits=randbits)
    return made


def to_number(value: int) -> str:
    """This function will write an identifier as people see it: XXXX-XXXX-XXXXC, C being the check character."""
    pairs = _PAIRS
    a = pairs[value >> 50] + pairs[value >> 40 & 1023]
    b = pairs[value >> 30 & 1023] + pairs[value >> 20 & 1023]
    return f"{a}-{b}-{pairs[value >> 10 & 1023]}{pairs[value & 1023]}{_ALPHABET[check(value)]}"


def from_number(text: str) -> int:
    """This function will read a number back, forgiving case, dashes, spaces and I/L/O; raises InvalidNumber."""
    plain = text.strip().upper().replace("-", "").replace(" ", "")
    if len(plain) != _CHARS:
        raise InvalidNumber(f"A number has {_CHARS} characters.")
    value = 0
    for place in range(0, _CHARS - 1, 2):
        digits = _PAIR_VALUES.get(plain[place : place + 2])
        if digits is None:
            raise InvalidNumber("A number has letters and digits only, and no U.")
        value = value << 10 | digits
    if _VALUES.get(plain[-1]) != check(value):
        raise InvalidNumber("The last character does not fit the others: one of them is mistyped.")
    return value


def first_of(moment: dt.datetime) -> int:
    """This function will return the least identifier that can have been made in the minute of a moment."""
    # Moments before the epoch (imported history) share minute 0; only the warmth of the index depends on it.
    return min(max(int((moment - EPOCH).total_seconds()) // 60, 0), _MINUTE_MAX) << RANDOM_BITS


def minute_of(value: int) -> dt.datetime:
    """This function will return the minute in which an identifier was made."""
    return EPOCH + dt.timedelta(minutes=value >> RANDOM_BITS)


def check(value: int) -> int:
    """This function will return the check digit, 0–31: the sum of αᵏ·digit over GF(32).

    The powers of α differ at all twelve places, so every wrong character and every swap of two characters is found
    (the construction of a Reed-Solomon code with one check symbol, over the field of 32 elements).
    """
    return (
        _T0[value & 1023]
        ^ _T1[value >> 10 & 1023]
        ^ _T2[value >> 20 & 1023]
        ^ _T3[value >> 30 & 1023]
        ^ _T4[value >> 40 & 1023]
        ^ _T5[value >> 50]
    )


def to_numbers(values: Sequence[int]) -> list[str]:
    """This function will write many identifiers as people see them, in their order."""
    return [to_number(value) for value in values]
