"""What to look for: a number that was typed wrongly, or only in part, as the identifiers that it can stand for.

A number has twelve signs and one that checks them (kernel.ids). The check is linear: what a slip at one place does to
it does not depend on the other places. So for each place there is exactly one other sign that makes a number right
again, and for two places there are 31 pairs: few enough to look all of them up by the primary key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from evertill.kernel import ids

# What a number's signs stand for; I, L and O are read as they look, and what cannot be read is None.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {sign: value for value, sign in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_UNREAD, _UNREAD_MAX = "?*_U", 2
_SIGNS, _DATA = 13, 12
_SIGN_BITS = 5
# The signs in front tell the minute, the others are random.
MINUTE_SIGNS = 5
PART_SIGNS_MIN = 4
# What stands in almost every address.
_EMAIL_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789.-_+@"

# What each digit at each place adds to the check, the last place being the check itself; and the way back.
_ADDS = [[ids.check(digit << _SIGN_BITS * (_DATA - 1 - place)) for digit in range(32)] for place in range(_DATA)]
_ADDS.append(list(range(32)))
_BACK = [{added: digit for digit, added in enumerate(adds)} for adds in _ADDS]

Signs = Sequence[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Signs that stand somewhere in a number: `(id >> shift) & mask = value`, and how many of them are random ones."""

    shift: int
    mask: int
    value: int
    signs: int
    random_signs: int
    is_leading: bool = False

    def fits(self, number_id: int) -> bool:
        """This function will say whether a number has these signs at this place."""
        return number_id >> self.shift & self.mask == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The identifiers that a text can stand for: as it is, with one slip, with two; or those that have it as a part."""

    exact: frozenset[int] = frozenset()
    one_slip: frozenset[int] = frozenset()
    two_slips: frozenset[int] = frozenset()
    parts: tuple[Part, ...] = ()

    @property
    def ids(self) -> frozenset[int]:
        """All that can be looked up by itself."""
        return self.exact | self.one_slip | self.two_slips


def read_number(text: str) -> Sought:
    """This function will return what a text that is to be a number can stand for; nothing for one that is none."""
    signs = _signs(text)
    unread = [place for place, sign in enumerate(signs) if sign is None]
    if len(signs) == _SIGNS and not unread:
        return _whole([sign for sign in signs if sign is not None])
    if len(signs) == _SIGNS and len(unread) <= _UNREAD_MAX:
        return Sought(one_slip=frozenset(_filled(signs, unread)))
    known = _longest_known(signs)
    if unread:
        return Sought(parts=_parts(known))
    if len(signs) == _SIGNS - 1:
        return Sought(one_slip=frozenset(_one_missing(known)), parts=_parts(known))
    if len(signs) == _SIGNS + 1:
        return Sought(one_slip=frozenset(_one_too_many(known)))
    return Sought(parts=_parts(known))


def near_emails(address: str) -> frozenset[str]:
    """This function will return every address that is one slip away: a sign wrong, missing, too many, or swapped."""
    return frozenset(_slips(address, _EMAIL_SIGNS)) - {address}


def near_phones(number: str) -> frozenset[str]:
    """This function will return every number that is one slip away; the plus in front stays where it is."""
    return frozenset(f"+{digits}" for digits in _slips(number.lstrip("+"), "0123456789")) - {number}


def _slips(text: str, signs: str) -> Iterator[str]:
    for place in range(len(text) + 1):
        head, tail = text[:place], text[place:]
        for sign in signs:
            yield f"{head}{sign}{tail}"
            yield f"{head}{sign}{tail[1:]}"
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield f"{head}{tail[1]}{tail[0]}{tail[2:]}"


def day_span(date: dt.date, *, days: int) -> tuple[dt.datetime, dt.datetime]:
    """This function will return the moments that may be a day, somewhere on earth, give or take so many days."""
    start = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC)
    return start - dt.timedelta(days=days, hours=14), start + dt.timedelta(days=days + 1, hours=12)


def id_span(first: dt.datetime, last: dt.datetime) -> tuple[int, int]:
    """This function will return the least and the greatest identifier of what was made between two moments."""
    (low,), (high,) = (ids.new_ids(1, now=at, randbits=lambda _bits: 0) for at in (first, last))
    return low, high | (1 << ids.RANDOM_BITS) - 1


def _signs(text: str) -> list[int | None]:
    plain = (sign for sign in text.upper() if sign in _VALUES or sign in _UNREAD)
    return [_VALUES.get(sign) for sign in plain][: 2 * _SIGNS]


def _whole(signs: Sequence[int]) -> Sought:
    fault = _fault(signs)
    one = {_id(near) for near in _one_slip(signs, fault)}
    exact = frozenset({_id(signs)}) if not fault else frozenset[int]()
    two = {_id(near) for near in _two_slips(signs, fault)}
    return Sought(exact=exact, one_slip=frozenset(one) - exact, two_slips=frozenset(two) - one - exact)


def _fault(signs: Sequence[int]) -> int:
    """What the signs lack to be a number: 0 for one that is right."""
    fault = 0
    for place, sign in enumerate(signs):
        fault ^= _ADDS[place][sign]
    return fault


def _one_slip(signs: Sequence[int], fault: int) -> Iterator[list[int]]:
    for place in range(_SIGNS):
        if fault:
            yield _with(signs, {place: signs[place] ^ _BACK[place][fault]})
    for place in range(_SIGNS - 1):
        swapped = _with(signs, {place: signs[place + 1], place + 1: signs[place]})
        if swapped != list(signs) and not _fault(swapped):
            yield swapped


def _two_slips(signs: Sequence[int], fault: int) -> Iterator[list[int]]:
    for one, other in combinations(range(_SIGNS), 2):
        for slip in range(1, 32):
            second = _BACK[other][fault ^ _ADDS[one][slip]]
            if second:
                yield _with(signs, {one: signs[one] ^ slip, other: signs[other] ^ second})


def _filled(signs: Signs, unread: Sequence[int]) -> Iterator[int]:
    plain = [sign or 0 for sign in signs]
    fault = _fault(plain)
    last = unread[-1]
    for first in range(32) if len(unread) > 1 else (0,):
        changed = {unread[0]: first} if len(unread) > 1 else {}
        left = fault ^ (_ADDS[unread[0]][first] if len(unread) > 1 else 0)
        yield _id(_with(plain, changed | {last: _BACK[last][left]}))


def _one_missing(signs: Sequence[int]) -> Iterator[int]:
    for place in range(_SIGNS):
        tried = [*signs[:place], 0, *signs[place:]]
        tried[place] = _BACK[place][_fault(tried)]
        yield _id(tried)


def _one_too_many(signs: Sequence[int]) -> Iterator[int]:
    for place in range(_SIGNS + 1):
        tried = [*signs[:place], *signs[place + 1 :]]
        if not _fault(tried):
            yield _id(tried)


def _parts(signs: Sequence[int]) -> tuple[Part, ...]:
    """Every place in a number at which a run of signs can stand; at its end the last one is the check's."""
    if not PART_SIGNS_MIN <= len(signs) < _SIGNS:
        return ()
    parts = []
    for place in range(_SIGNS - len(signs) + 1):
        inside = signs[: _DATA - place]
        value = 0
        for sign in inside:
            value = value << _SIGN_BITS | sign
        parts.append(
            Part(
                shift=_SIGN_BITS * (_DATA - place - len(inside)),
                mask=(1 << _SIGN_BITS * len(inside)) - 1,
                value=value,
                signs=len(signs),
                random_signs=len(signs) - max(0, MINUTE_SIGNS - place),
                is_leading=place == 0,
            )
        )
    return tuple(parts)


def _longest_known(signs: Signs) -> list[int]:
    best: list[int] = []
    run: list[int] = []
    for sign in [*signs, None]:
        if sign is not None:
            run.append(sign)
            continue
        best, run = max(best, run, key=len), []
    return best


def _with(signs: Sequence[int], changed: dict[int, int]) -> list[int]:
    return [changed.get(place, sign) for place, sign in enumerate(signs)]


def _id(signs: Sequence[int]) -> int:
    value = 0
    for sign in signs[:_DATA]:
        value = value << _SIGN_BITS | sign
    return value
