"""What I may do here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import PERMISSIONS, STAFF_PERMISSIONS, Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.words import permission, role
from evertill.journeys.enter_desk import Entered


@desk_view(Permission.OWN_ACCOUNT)
def show(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show somebody his roles, and what they allow."""
    held = entered.holder.permissions & STAFF_PERMISSIONS
    context = {
        "roles": [role(one.name) for one in entered.holder.roles if one.permissions & STAFF_PERMISSIONS],
        "permissions": [
            {
                "name": one.value,
                "says": permission(one),
                "is_read": PERMISSIONS[one].is_read,
                "needs_another": PERMISSIONS[one].approved_by is not None,
            }
            for one in Permission
            if one in held
        ],
    }
    return desk_page(request, entered, "me/index.html", context)
