"""Alerts: what is open, and closing one or many with what was done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from evertill.domains.access import Permission
from evertill.entry.desk.alerts.words import tell
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.telling import tell as tell_said
from evertill.entry.pages.leading import see_other
from evertill.journeys.bulk_item import Target
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_bulk import make_bulk
from evertill.journeys.watch_alerts import close_alert, look_at_alerts
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError

_LISTED_MAX = 150


class WhyMissing(EvertillError):
    """No alert was chosen, or it is not said what was done."""

    code = "WHY_MISSING"


@desk_view(Permission.ALERTS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list open alerts, the newest first."""
    return _page(request, entered)


@desk_view(Permission.ALERTS_CLOSE, methods=("POST",))
def close(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will close one alert; of many, it makes a bulk that is looked at first."""
    chosen = [one for one in request.POST.getlist("alert") if one.isdecimal() and len(one) < len(str(2**63))]
    why = request.POST.get("why", "").strip()[:200]
    if not chosen or not why:
        return _page(request, entered, error=WhyMissing("Nothing was chosen, or not said why."))
    now = clock.now()
    if len(chosen) == 1:
        close_alert(alert_id=int(chosen[0]), asker=entered.asker, why=why, now=now)
        return see_other("desk:alerts:index", done="closed")
    targets = [Target(subject=number) for number in dict.fromkeys(chosen)]
    made = make_bulk(asker=entered.asker, operation="alerts.close-many", targets=targets, why=why, now=now)
    return see_other("desk:bulk:show", ids.to_number(made.id))


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    found = look_at_alerts(asker=entered.asker, limit=_LISTED_MAX + 1, now=clock.now())
    rows = []
    for alert in found[:_LISTED_MAX]:
        what, remedy, way = tell(alert.kind)
        detail = tell_said(alert.said)
        rows.append({"alert": alert, "what": what, "detail": detail, "remedy": remedy, "way": _reach(way)})
    context = {
        "rows": rows,
        "has_more": len(found) > _LISTED_MAX,
        "chosen": request.POST.getlist("alert"),
        "why": request.POST.get("why", ""),
    }
    return desk_page(request, entered, "alerts/index.html", context, error=error)


def _reach(view: str) -> str:
    if not view:
        return ""
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""
