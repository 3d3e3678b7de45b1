"""The pages of the audit trail."""

from __future__ import annotations

import json
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from evertill.domains.access import PERMISSIONS, Permission
from evertill.domains.identity import Factor
from evertill.domains.trail import Record
from evertill.entry.desk.failures import refusal
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.trail import asked
from evertill.entry.desk.who import kind_of, known_as
from evertill.entry.desk.words import permission
from evertill.entry.desk.words import role as title_of
from evertill.entry.pages.factors import factor_name
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import keep_private
from evertill.journeys import read_trail as reading
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, ids, sheets
from evertill.kernel.versions import differences

_PAGE = 50
_TYPES = {"json": "application/x-ndjson", "csv": sheets.CSV, "xlsx": sheets.XLSX}


@desk_view(Permission.TRAIL_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show records that fit a search, newest first, and how the trail stands."""
    now = clock.now()
    sought = asked.read(request)
    found = reading.read_trail(asker=entered.asker, search=sought.search, limit=_PAGE + 1, now=now)
    shown, has_more = found[:_PAGE], len(found) > _PAGE
    who = known_as({_actor(record) for record in shown})
    context = {
        "fields": sought.fields,
        "unread": sought.unread,
        "records": [_row(record, who) for record in shown],
        "older": asked.place_of(shown[-1]) if has_more else "",
        "newest": sought.search.older_than is not None,
        "state": reading.look_at_trail(asker=entered.asker, now=now),
        "operations": sorted(
            {one.value for one in PERMISSIONS} | {f"{one.value.split('.')[0]}." for one in PERMISSIONS}
        ),
        "colleagues": known_as(
            {f"STAFF:{account_id}" for account_id in reading.list_colleagues(asker=entered.asker, now=now)}
        ),
    }
    return desk_page(request, entered, "trail/index.html", context)


@desk_view(Permission.TRAIL_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show one record whole, with what it changed."""
    record_id = id_of(number)
    record = reading.find_record(asker=entered.asker, record_id=record_id, now=clock.now())
    if record is None:
        raise Http404
    before, after = _content(record.before), _content(record.after)
    changed = differences(seen=before, now=after)
    context = {
        "one": _row(record, known_as({_actor(record)})),
        "record": record,
        "place": f"{record.chain}-{record.seq}",
        "seal": record.mac.hex(),
        "changes": [
            {
                "name": name,
                "before": _plain(before[name]) if name in before else None,
                "after": _plain(after[name]) if name in after else None,
                "is_changed": name in changed,
            }
            for name in [*before, *(name for name in after if name not in before)]
        ],
    }
    return desk_page(request, entered, "trail/show.html", context)


@desk_view(Permission.TRAIL_EXPORT, methods=("POST",))
def export(request: HttpRequest, entered: Entered) -> HttpResponseBase:
    """This function will send what fits a search as a file, once it is on record who took it out and why."""
    asked_for = text_of(request, "kind")
    kind: reading.Form = "csv" if asked_for == "csv" else "xlsx" if asked_for == "xlsx" else "json"
    file = reading.export_file(
        asker=entered.asker,
        search=asked.read(request).search,
        form=kind,
        why=text_of(request, "why").strip(),
        now=clock.now(),
    )
    name = f"audit-trail.{'jsonl' if kind == 'json' else kind}"
    return keep_private(FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[kind]))


def _row(record: Record, who: dict[str, str]) -> dict[str, Any]:
    is_refused = record.outcome == "REFUSED"
    return {
        "number": ids.to_number(record.id),
        "at": record.at,
        "actor": _actor(record),
        "who": who[_actor(record)],
        "kind": kind_of(record.actor_kind),
        "roles": [title_of(name) for name in record.roles.split(",") if name and name != "customer"],
        "factors": ", ".join(factor_name(Factor(name)) for name in record.factors.split(",") if name in set(Factor)),
        "place": record.place,
        "operation": record.operation,
        "says": permission(Permission(record.operation)) if record.operation in set(Permission) else "",
        "subject": f"{record.subject_kind}:{record.subject_id}" if record.subject_id else record.subject_kind,
        "subject_kind": record.subject_kind,
        "subject_name": _named(record),
        "why": refusal(record.why) if is_refused else record.why,
        "is_refused": is_refused,
    }


def _actor(record: Record) -> str:
    return f"{record.actor_kind}:{record.actor_id}" if record.actor_id else record.actor_kind


def _named(record: Record) -> str:
    # Accounts are recorded by their plain numbers, and people read them in groups.
    if record.subject_kind == "account" and record.subject_id.isdecimal():
        return ids.to_number(int(record.subject_id))
    return record.subject_id


def _content(text: str) -> dict[str, Any]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {"": value}


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
