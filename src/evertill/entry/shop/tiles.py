"""A picture for what has none: a small view of the night, the same one for the same thing for ever.

Drawn from the slug alone, so nothing is stored. It is an SVG of a few hundred bytes whose colours are classes of
store.css (`.tint-0` …), as the pages' policy allows no style in the markup; light and dark follow by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

TINTS = 6

# Width and height; every view fills them.
_W, _H = 160, 120


class _Dice:
    """Numbers out of a name, in an order: the same name gives the same ones."""

    __slots__ = ("_bytes",)

    def __init__(self, name: str) -> None:
        self._bytes: Iterator[int] = iter(hashlib.shake_128(name.encode()).digest(256))

    def roll(self, low: int, high: int) -> int:
        """This function will return a number from `low` to `high`."""
        return low + next(self._bytes) % (high - low + 1)


@lru_cache(maxsize=4096)
def draw(name: str) -> SafeString:
    """This function will draw the view that belongs to a name, as an inline SVG that screen readers pass over."""
    dice = _Dice(name)
    view = _VIEWS[dice.roll(0, len(_VIEWS) - 1)]
    tint = dice.roll(0, TINTS - 1)
    shapes = "".join(view(dice))
    # Only numbers of ours are in it, nothing of the name.
    return mark_safe(  # noqa: S308
        f'<svg class="tile tint-{tint}" viewBox="0 0 {_W} {_H}" preserveAspectRatio="xMidYMid slice"'
        f' aria-hidden="true">{shapes}</svg>'
    )


def _circle(x: int, y: int, r: float, paint: str) -> str:
    return f'<circle class="{paint}" cx="{x}" cy="{y}" r="{r:g}"/>'


def _path(d: str, paint: str) -> str:
    return f'<path class="{paint}" d="{d}"/>'


def _stars(dice: _Dice, count: int) -> Iterator[str]:
    for _ in range(count):
        yield _circle(dice.roll(6, _W - 6), dice.roll(6, 64), dice.roll(6, 12) / 10, "t2")


def _hill(dice: _Dice, top: int, paint: str) -> str:
    left, peak, right = dice.roll(-6, 10), dice.roll(-14, 14), dice.roll(-6, 10)
    return _path(f"M0 {top + left}Q40 {top - peak} 80 {top}T160 {top + right}V120H0Z", paint)


def _moon(dice: _Dice) -> Iterator[str]:
    x, y, r = dice.roll(52, 108), dice.roll(40, 56), dice.roll(18, 26)
    yield from _stars(dice, 9)
    yield _circle(x, y, r, "t3")
    yield _circle(x + r // 2, y - r // 4, r - 2, "t0")
    yield _hill(dice, 98, "t1")


def _hills(dice: _Dice) -> Iterator[str]:
    yield from _stars(dice, 5)
    yield _circle(dice.roll(46, 114), 62, dice.roll(15, 22), "t3")
    yield _hill(dice, 68, "t1")
    yield _hill(dice, 84, "t2")
    yield _hill(dice, 102, "t1")


def _windows(dice: _Dice) -> Iterator[str]:
    """Houses with somebody still up."""
    x = -4
    while x < _W:
        width, floors = 12 * dice.roll(2, 4) + 6, dice.roll(2, 6)
        top = _H - 16 * floors - 8
        yield _path(f"M{x} {top}h{width}V{_H}H{x}Z", "t1")
        panes = [
            f"M{left} {top + 10 + 16 * floor}h6v8h-6z"
            for floor in range(floors)
            for left in range(x + 6, x + width - 6, 12)
            if dice.roll(0, 9) > 5  # noqa: PLR2004
        ]
        # One window in each house is the lamp; the others sleep.
        if panes:
            lit = panes.pop(dice.roll(0, len(panes) - 1))
            yield _path(lit, "t3")
            yield _path("".join(panes), "t2")
        x += width + 3


def _rings(dice: _Dice) -> Iterator[str]:
    """The light around a lamp."""
    x, y = dice.roll(50, 110), dice.roll(52, 76)
    for r in range(84, 20, -dice.roll(14, 18)):
        yield _circle(x, y, r, "t1 thin")
    yield _circle(x, y, dice.roll(9, 14), "t3")


def _waves(dice: _Dice) -> Iterator[str]:
    yield _circle(dice.roll(40, 120), dice.roll(26, 40), dice.roll(10, 15), "t3")
    shift = dice.roll(0, 24)
    for row, top in enumerate(range(58, 120, 14)):
        start = -40 + (shift + 20 * row) % 40
        bows = "".join("q10 -9 20 0t20 0" for _ in range(6))
        yield _path(f"M{start} {top}{bows}V120H{start}Z", "t1" if row % 2 == 0 else "t2")


def _lamp(dice: _Dice) -> Iterator[str]:
    """A lamp that hangs down, and what it lights."""
    x, y = dice.roll(52, 108), dice.roll(30, 42)
    yield _path(f"M{x} {y}L{x - 46} {_H}H{x + 46}Z", "t1")
    yield _path(f"M{x} {y}L{x - 24} {_H}H{x + 24}Z", "t2")
    yield _path(f"M{x} 0V{y}", "t2 line")
    yield _path(f"M{x - 15} {y + 6}a15 15 0 0 1 30 0z", "t4")
    yield _circle(x, y + 8, 5, "t3")


_VIEWS: tuple[Callable[[_Dice], Iterator[str]], ...] = (_moon, _hills, _windows, _rings, _waves, _lamp)
