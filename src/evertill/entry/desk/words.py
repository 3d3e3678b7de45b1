"""Words that several rooms of the desk need: roles and permissions, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import PERMISSIONS, Permission

_ROLES: Mapping[str, Promise | str] = {
    "support": _("Support"),
    "fulfilment": _("Fulfilment"),
    "finance": _("Finance"),
    "risk-reviewer": _("Risk reviewer"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
    "owner": _("Owner"),
}


def role(name: str) -> str:
    """This function will return what people call a role; one of the shop's own has the name that it was given."""
    return str(_ROLES.get(name, name))


def permission(name: Permission) -> str:
    """This function will say what a permission allows: its sentence in the one table, in the reader's language."""
    return gettext(PERMISSIONS[name].says)
