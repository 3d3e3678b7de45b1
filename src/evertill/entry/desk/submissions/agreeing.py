"""How a form says that the customer agreed, and how long his goods are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.journeys.make_order import Agreed, ConsentMissing, How

# How somebody can have agreed, in the order of the form.
HOWS: Sequence[tuple[str, Promise | str]] = (
    (How.PHONE.value, _("On the phone")),
    (How.MAIL.value, _("By mail or message")),
    (How.COUNTER.value, _("At the counter")),
    (How.CHAT.value, _("In a chat")),
)
KEEP_H = 24
_KEEP_H_MAX = 24 * 14
_MINUTES_MAX = 30 * 24 * 60
_CHARS_MAX = 500


def read_agreed(request: HttpRequest, *, now: dt.datetime) -> Agreed:
    """This function will return how the customer agreed, as a form says it; raises ConsentMissing."""
    how, ago = text_of(request, "how"), text_of(request, "minutes_ago") or "0"
    if how not in list(How) or not request.POST.get("agreed"):
        raise ConsentMissing("It is not said how the customer agreed.")
    if not ago.isdecimal() or len(ago) > len(str(_MINUTES_MAX)) or int(ago) > _MINUTES_MAX:
        raise ConsentMissing("It is not said when the customer agreed.")
    return Agreed(how=How(how), at=now - dt.timedelta(minutes=int(ago)), note=text_of(request, "note"))


def read_keep_h(request: HttpRequest) -> int:
    """This function will return for how many hours the goods are kept, within what is allowed."""
    hours = text_of(request, "keep_h")
    return min(max(int(hours), 1), _KEEP_H_MAX) if hours.isdecimal() and len(hours) < len("10000") else KEEP_H


def text_of(request: HttpRequest, name: str) -> str:
    """This function will return what was typed into a field."""
    return request.POST.get(name, "").strip()[:_CHARS_MAX]
