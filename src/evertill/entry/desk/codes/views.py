"""Codes: what there is of each SKU, and uploading more, looked at first and then confirmed.

Between the two the page carries the codes sealed: it can be read by this shop alone, for a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core import signing
from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.codes.sealing import CodesOutdated, seal, unseal
from evertill.entry.desk.codes.words import reason_of
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.pages.leading import see_other
from evertill.journeys import upload_codes as uploading
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, config
from evertill.kernel.errors import EvertillError

_FAULTS_SHOWN = 100


@desk_view(Permission.CODES_UPLOAD)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list the SKUs that are sold by codes."""
    pools = uploading.list_pools(asker=entered.asker, now=clock.now())
    return desk_page(request, entered, "codes/index.html", {"pools": pools, "sku": request.GET.get("sku", "")[:64]})


@desk_view(Permission.CODES_UPLOAD, methods=("GET", "POST"))
def upload(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show what an upload would come to, and do it once that was confirmed."""
    sku = (request.POST.get("sku") or request.GET.get("sku", "")).strip()[:200]
    if request.method != "POST":
        return _page(request, entered, sku)
    try:
        if sealed := request.POST.get("sealed", ""):
            content = unseal(sealed, session_id=entered.session.id, sku=sku)
            uploading.upload_codes(asker=entered.asker, sku=sku, content=content, skip_faults=True, now=clock.now())
            return see_other("desk:codes:index", done="uploaded")
        content = request.POST.get("codes", "").encode(errors="replace")
        looked = uploading.look_at_codes(asker=entered.asker, sku=sku, content=content, now=clock.now())
        if not looked.codes:
            raise uploading.CodesRejected(looked.faults)
    except (uploading.CodesUnusable, uploading.CodesRejected, CodesOutdated, signing.BadSignature) as error:
        told = error if isinstance(error, EvertillError) else CodesOutdated("This is no preview of this shop.")
        return _page(request, entered, sku, error=told)
    context = {
        "looked": looked,
        "faults": _told(looked.faults),
        "more": max(len(looked.faults) - _FAULTS_SHOWN, 0),
        "sealed": seal(content, session_id=entered.session.id, sku=sku),
    }
    return desk_page(request, entered, "codes/confirm.html", context)


def _page(request: HttpRequest, entered: Entered, sku: str, *, error: EvertillError | None = None) -> HttpResponse:
    faults = _told(error.faults) if isinstance(error, uploading.CodesRejected) else []
    context = {"sku": sku, "faults": faults, "most": config.get().codes_bytes_max}
    return desk_page(request, entered, "codes/upload.html", context, error=error)


def _told(faults: Sequence[uploading.Faulty]) -> list[tuple[int, str]]:
    return [(fault.line, reason_of(fault)) for fault in faults[:_FAULTS_SHOWN]]
