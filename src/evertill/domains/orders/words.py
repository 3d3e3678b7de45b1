"""What somebody may mean who looks for an order: each word that is said, with all that it could be. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from evertill.kernel import ids

WORDS_MAX = 4
WORD_CHARS_MAX = 100
_CONTACT_CHARS_MIN = 3
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_CHARS = 12
_NUMBER_CHARS_MIN = 4
_SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "", "¥": "", "￥": "", "元": "CNY"}
_AMOUNT = re.compile(r"(\d{1,3}(?:[ ,.'’]\d{3})+|\d{1,12})(?:[.,](\d{1,3}))?")
# As a part of a telephone number: digits and what people put between.
_PHONE = re.compile(r"\+?[\d().\-/]{4,20}")
_DAYS = {"today": 0, "今天": 0, "今日": 0, "yesterday": 1, "昨天": 1, "昨日": 1, "前天": 2}
_DATE_BIG_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_DATE_SMALL_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
# Digits behind the point: most currencies have two, some none or three.
_MINOR_DIGITS = (2, 0, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word, as it was said, and what it may be.

    An amount (in major units), a number of ours or its beginning, a part of an address, name or telephone number, or
    what a provider calls a payment.
    """

    said: str
    amount: Decimal | None = None
    currency: str = ""
    number: int | None = None
    number_span: tuple[int, int] | None = None
    contact: str = ""
    name: str = ""
    reference: str = ""

    @property
    def totals(self) -> tuple[int, ...]:
        """Minor units that the amount may be, by the digits that currencies have."""
        if self.amount is None:
            return ()
        found = (self.amount.scaleb(digits) for digits in _MINOR_DIGITS)
        return tuple(dict.fromkeys(int(one) for one in found if one == one.to_integral_value()))[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All that was said: words, and a day if one was among them."""

    words: tuple[Word, ...]
    day: dt.date | None = None


def read(text: str, *, today: dt.date) -> Said:
    """This function will read what somebody said; words beyond the fourth do not matter."""
    day, words = None, []
    for said in _split(text):
        found = read_day(said, today=today)
        if found is not None:
            day = found
        else:
            words.append(_word(said))
    return Said(words=tuple(words[:WORDS_MAX]), day=day)


def read_day(said: str, *, today: dt.date) -> dt.date | None:
    """This function will return the day that a word names; None when it names none."""
    small = said.translate(_SMALL)
    if small in _DAYS:
        return today - dt.timedelta(days=_DAYS[small])
    if big := _DATE_BIG_FIRST.fullmatch(said):
        year, month, day = map(int, big.groups())
    elif little := _DATE_SMALL_FIRST.fullmatch(said):
        day, month, year = map(int, little.groups())
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _split(text: str) -> Sequence[str]:
    return [word[:WORD_CHARS_MAX] for word in text.replace("\x00", "").split() if word]


def _word(said: str) -> Word:
    small = said.translate(_SMALL)
    amount, currency, is_only_amount = _read_amount(said)
    number, span = _read_number(said)
    # Numbers begin with 0 for decades to come; 0DBM is one, and no money of a country that is called DBM.
    if is_only_amount and not (span and said.startswith("0")):
        return Word(said=said, amount=amount, currency=currency)
    plain = re.sub(r"[().\-/]", "", said) if _PHONE.fullmatch(said) else small
    return Word(
        said=said,
        amount=amount,
        number=number,
        number_span=span,
        contact=plain if len(plain) >= _CONTACT_CHARS_MIN else "",
        name="" if plain.lstrip("+").isdigit() else small,
        reference=said if len(said) >= _NUMBER_CHARS_MIN else "",
    )


def _read_amount(said: str) -> tuple[Decimal | None, str, bool]:
    """Return the amount that a word may be, its currency if it says so, and whether it cannot be anything else."""
    signs = [sign for sign in _SIGNS if sign in said]
    code = re.match(r"[A-Z]{3}(?=\d)|.*\d(?P<behind>[A-Z]{3})$", said)
    plain = said
    for sign in signs:
        plain = plain.replace(sign, "")
    currency = _SIGNS[signs[0]] if signs else ""
    if code:
        currency = code.group("behind") or said[:3]
        plain = plain.removeprefix(currency).removesuffix(currency)
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        return None, "", False
    whole, part = match.groups()
    amount = Decimal(re.sub(r"\D", "", whole) + (f".{part}" if part else ""))
    return amount, currency, bool(signs or code or part is not None)


def _read_number(said: str) -> tuple[int | None, tuple[int, int] | None]:
    """Return the id that a word is, and the ids whose numbers begin as it does; None for what it is not."""
    with suppress(ids.InvalidNumber):
        whole = ids.from_number(said)
        return whole, (whole, whole)
    plain = said.upper().replace("-", "").translate(str.maketrans("ILO", "110"))
    if not _NUMBER_CHARS_MIN <= len(plain) <= _NUMBER_CHARS or any(sign not in _ALPHABET for sign in plain):
        return None, None
    value = 0
    for sign in plain:
        value = value << 5 | _ALPHABET.index(sign)
    rest = 5 * (_NUMBER_CHARS - len(plain))
    return None, (value << rest, ((value + 1) << rest) - 1)
