"""An order made from nothing: what a customer asks for on the phone or at the counter."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.submissions.agreeing import HOWS, KEEP_H, read_agreed, read_keep_h, text_of
from evertill.entry.pages import contact_form, places
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_order import AskedLine, MakeOrder, Offer, Placed, look_up_prices, make_order
from evertill.kernel import clock, config
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import is_currency

_LINES_MAX = 100
# "TEA-50", "TEA-50 3", "3 x TEA-50", "TEA-50 × 3"
_LINE = re.compile(r"(?:(\d{1,5})\s*[x×*]\s*)?([^\s]{1,64})(?:\s*[x×*\s,;\t]\s*(\d{1,5}))?", re.IGNORECASE)


class LinesUnclear(EvertillError):
    """A line does not say a SKU and how many of it."""

    code = "LINES_UNCLEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the form says, understood."""

    lines: tuple[AskedLine, ...]
    currency: str
    contact: contact_form.Typed
    language: str


@desk_view(Permission.ORDERS_MAKE, methods=("GET", "POST"))
def new(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will look up what a customer asks for, and make the order once he has agreed to its total."""
    if request.method != "POST":
        return _page(request, entered)
    try:
        draft = _read(request)
        offers = look_up_prices(
            asker=entered.asker, skus=[line.sku for line in draft.lines], currency=draft.currency, now=clock.now()
        )
        if request.POST.get("make"):
            return _page(request, entered, placed=_make(request, entered, draft))
    except EvertillError as error:
        if error.code == "FORBIDDEN":
            raise
        return _page(request, entered, error=error)
    return _page(request, entered, draft=draft, rows=_rows(draft, offers))


def _make(request: HttpRequest, entered: Entered, draft: Draft) -> Placed:
    now, total = clock.now(), text_of(request, "total")
    asked = MakeOrder(
        key=text_of(request, "key").encode()[:128],
        lines=draft.lines,
        currency=draft.currency,
        email=draft.contact.email,
        phone=draft.contact.phone,
        language=draft.language,
        total=int(total) if total.isdecimal() else -1,
    )
    return make_order(
        asker=entered.asker,
        asked=asked,
        keep_h=read_keep_h(request),
        agreed=read_agreed(request, now=now),
        now=now,
    )


def _read(request: HttpRequest) -> Draft:
    asked: dict[str, int] = {}
    for line in request.POST.get("lines", "")[:20_000].splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or len(asked) >= _LINES_MAX:
            raise LinesUnclear(_("This line is not understood: %(line)s") % {"line": line.strip()[:80]})
        before, sku, after = found.groups()
        asked[sku] = asked.get(sku, 0) + int(before or after or "1")
    if not asked:
        raise LinesUnclear(_("Nothing is to be ordered."))
    currency = text_of(request, "currency").upper()
    if not is_currency(currency):
        raise LinesUnclear(_("This is no currency: %(currency)s") % {"currency": currency[:10]})
    language = text_of(request, "language")
    return Draft(
        lines=tuple(AskedLine(sku=sku, quantity=quantity) for sku, quantity in asked.items()),
        currency=currency,
        contact=contact_form.understand(contact_form.read(request)),
        language=language if language in config.get().languages else config.get().languages[0],
    )


def _rows(draft: Draft, offers: Any) -> list[dict[str, Any]]:  # noqa: ANN401 — offers by SKU.
    rows = []
    for line in draft.lines:
        offer: Offer | None = offers.get(line.sku)
        price = offer.unit_price if offer else None
        rows.append(
            {
                "sku": line.sku,
                "title": offer.title if offer else "",
                "quantity": line.quantity,
                "price": price,
                "total": None if price is None else price * line.quantity,
            }
        )
    return rows


def _page(
    request: HttpRequest,
    entered: Entered,
    *,
    draft: Draft | None = None,
    rows: list[dict[str, Any]] | None = None,
    placed: Placed | None = None,
    error: EvertillError | None = None,
) -> HttpResponse:
    rows = rows or []
    is_whole = bool(rows) and all(row["total"] is not None for row in rows)
    context = {
        "typed": request.POST,
        "currency": text_of(request, "currency").upper() or places.of(request).currency,
        "draft": draft,
        "rows": rows,
        "placed": placed,
        "is_whole": is_whole,
        "total": sum(row["total"] for row in rows) if is_whole else None,
        # One order comes of this page, however often its button is pressed.
        "key": text_of(request, "key") or secrets.token_urlsafe(24),
        "spoken": settings.LANGUAGES,
        "detail": error.detail if isinstance(error, LinesUnclear) else "",
        "hows": HOWS,
        "keep_h": KEEP_H,
    }
    return desk_page(request, entered, "submissions/new.html", context, error=error)
