"""Pages about who works for the shop."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.domains.identity import Factor
from evertill.entry.desk.failures import objection
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import role
from evertill.entry.pages.factors import factor_name
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import manage_roles, manage_staff
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError


@desk_view(Permission.ACCESS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show everybody who works for the shop."""
    return _list(request, entered)


@desk_view(Permission.ACCESS_GRANT, methods=("POST",))
def add(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will make the account of an address staff."""
    address = text_of(request, "address").strip()
    try:
        manage_staff.add_staff(address=address, asker=entered.asker, now=clock.now())
    except (manage_staff.AccountUnknown, manage_staff.StaffNeedStrongFactor) as error:
        return _list(request, entered, typed=address, error=error)
    account_id = manage_staff.find_staff(address=address)
    return see_other("desk:staff:show", ids.to_number(account_id), done="added")


@desk_view(Permission.ACCESS_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show one who works for the shop: roles, who gave them, and his last sessions."""
    shown = manage_staff.show_member(asker=entered.asker, account_id=id_of(number), now=clock.now())
    member = shown.member
    who = known_as({member.added_by, *(grant.granted_by for grant in shown.grants)})
    context = {
        "member": _row(member) | {"by": who[member.added_by]},
        "number": number,
        "is_oneself": member.account_id == entered.session.account_id,
        "seen": ",".join(sorted({"customer", *(grant.role for grant in shown.grants)})),
        "grants": [
            {
                "grant": grant,
                "title": role(grant.role),
                "by": who[grant.granted_by],
                "can_take": grant.role in shown.takable and shown.takable[grant.role] is None,
                "objection": objection(shown.takable.get(grant.role)),
            }
            for grant in shown.grants
        ],
        "givable": [
            {
                "name": one.name,
                "title": role(one.name),
                "says": one.says,
                "objection": objection(why_not),
                "can_give": why_not is None,
            }
            for one, why_not in shown.givable
        ],
        "sessions": [
            {"session": session, "factors": _factors(session.proved), "ended_at": ended_at}
            for session, ended_at in shown.sessions
        ],
    }
    return desk_page(request, entered, "staff/show.html", context)


@desk_view(Permission.ACCESS_GRANT, methods=("POST",))
def grant(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will give a role, or ask for the approval that it needs."""
    account_id, name, now = id_of(number), text_of(request, "role"), clock.now()
    if reason := asks(request):
        manage_roles.ask_to_grant_role(asker=entered.asker, account_id=account_id, role=name, why=reason, now=now)
        return see_other("desk:staff:show", number, done="asked")
    manage_roles.grant_role(
        asker=entered.asker,
        account_id=account_id,
        role=name,
        why=text_of(request, "why"),
        now=now,
        seen=_seen(request),
    )
    return see_other("desk:staff:show", number, done="granted")


@desk_view(Permission.ACCESS_READ, methods=("POST",))
def revoke(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will take a role, or ask for the approval that it needs; anybody may give up his own."""
    account_id, name, now = id_of(number), text_of(request, "role"), clock.now()
    if reason := asks(request):
        manage_roles.ask_to_revoke_role(asker=entered.asker, account_id=account_id, role=name, why=reason, now=now)
        return see_other("desk:staff:show", number, done="asked")
    manage_roles.revoke_role(
        asker=entered.asker,
        account_id=account_id,
        role=name,
        why=text_of(request, "why"),
        now=now,
        seen=_seen(request),
    )
    if Permission.ACCESS_READ not in entered.asker.read_holder().permissions:
        return see_other("desk:me:index")
    return see_other("desk:staff:show", number, done="revoked")


@desk_view(Permission.ACCESS_GRANT, methods=("POST",))
def remove(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will make an account a customer's again."""
    manage_staff.remove_staff(asker=entered.asker, account_id=id_of(number), now=clock.now())
    return see_other("desk:staff:index", done="removed")


def _list(
    request: HttpRequest, entered: Entered, *, typed: str = "", error: EvertillError | None = None
) -> HttpResponse:
    members = manage_staff.list_staff(asker=entered.asker, now=clock.now())
    who = known_as({member.added_by for member in members})
    rows = [_row(member) | {"by": who[member.added_by]} for member in members]
    return desk_page(request, entered, "staff/index.html", {"members": rows, "typed": typed}, error=error)


def _row(member: manage_staff.Member) -> dict[str, Any]:
    return {
        "id": member.account_id,
        "name": member.display_name or (member.addresses[0].text if member.addresses else ""),
        "addresses": [address.text for address in member.addresses],
        "roles": [role(name) for name in member.roles],
        "factors": _factors(member.factors),
        "is_strong": bool(member.factors & {Factor.PASSKEY, Factor.TOTP}),
        "added_at": member.added_at,
        "last": member.last,
        "last_factors": _factors(member.last.proved) if member.last else "",
    }


def _factors(factors: Any) -> str:  # noqa: ANN401 — a set of them, or when each was proved.
    return ", ".join(factor_name(factor) for factor in Factor if factor in factors)


def _seen(request: HttpRequest) -> list[str] | None:
    text = text_of(request, "seen")
    return text.split(",") if text else None
