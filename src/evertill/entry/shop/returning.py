"""Where customers come back to from a payment page: how their payment stands, in words.

Whoever has a payment's number sees its state, and nothing of the order: numbers stand in addresses, which are kept in
histories and sent along by browsers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from evertill.entry.shop import live
from evertill.entry.shop.own_orders import with_query
from evertill.entry.shop.waiting import TakesLonger, wait_for
from evertill.journeys.view_payment import Intent, is_worth_asking, look_again, view_payment
from evertill.kernel import clock, ids, lines

# How long the page waits for the provider, so that one which hangs does not hold the pages' few threads.
_WAIT_S = 1.0
# The page looks again by itself, first often and then less so, for about three minutes.
_SOON_S, _LATER_S = 3, 10
_SOON_LOOKS, _LOOKS_MAX = 10, 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a payment stands: a sign, its mood, a title, a sentence; and where and when to look again, if that helps."""

    mark: str
    mood: str
    title: str
    text: str
    look_s: int = 0
    look_at: str = ""
    again: str = ""


def look(number: str) -> Intent:
    """This function will return a payment as it stands, asking its provider now and then.

    Raises ids.InvalidNumber and PaymentNotFound.
    """
    intent = view_payment(intent_id=ids.from_number(number))
    if not is_worth_asking(intent):
        return intent
    try:
        return wait_for(
            intent.provider, lambda: look_again(intent=intent, actor="customer", now=clock.now()), seconds=_WAIT_S
        )
    except (TakesLonger, lines.LineFull):
        # Whoever asks goes on; the next look finds the answer.
        return intent


def count(looks: str) -> int:
    """This function will read how many times somebody has looked before; 0 for anything else."""
    return int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 4 else 0  # noqa: PLR2004


def as_context(shown: Shown, heard: live.Live) -> dict[str, Any]:
    """This function will return what the page of a payment is made of; it hears of its order while that may help."""
    if not shown.look_at and not shown.again:
        return {**asdict(shown), "live": live.Live()}
    return {**asdict(shown), "live": live.looking(heard, at=shown.look_at, after_s=shown.look_s)}


def show(intent: Intent, *, looks: int, here: str) -> Shown:
    """This function will say how a payment stands to somebody who has looked so many times before, at `here`."""
    if intent.has_bought:
        return Shown(
            mark="✓",
            mood="good",
            title=_("Paid. Thank you!"),
            text=_("Your payment has arrived and your order is paid."),
        )
    if intent.captured is not None:
        return Shown(
            mark="↩",
            mood="quiet",
            title=_("Your money is on its way back"),
            text=_("The payment arrived but could not pay for this order. All of it goes back the way it came."),
        )
    if intent.state.value in ("FAILED", "CANCELLED"):
        return Shown(
            mark="×",
            mood="quiet",
            title=_("This payment was not made"),
            text=_(
                "Nothing was taken. Begin a new payment for your order, perhaps in another way, or try again later."
            ),
        )
    return _waiting(looks=looks, here=here)


def _waiting(*, looks: int, here: str) -> Shown:
    if looks >= _LOOKS_MAX:
        return Shown(
            mark="…",
            mood="quiet",
            title=_("This takes longer than usual"),
            text=_("You can close this page. The shop goes on asking; your order is paid once the money is there."),
            again=here,
        )
    return Shown(
        mark="…",
        mood="wait",
        title=_("Waiting for your payment"),
        text=_("The payment provider has not told us yet that it is done. This page looks again by itself."),
        look_s=_SOON_S if looks < _SOON_LOOKS else _LATER_S,
        look_at=with_query(here, looks=looks + 1),
    )
