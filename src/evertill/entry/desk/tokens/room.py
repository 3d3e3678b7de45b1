"""API tokens: the programs that speak for the shop, what each may do, and ending one at once."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.tokens import views
from evertill.entry.desk.words import NOTHING

_KEPT = _("No token was issued.")

ROOM = Room(
    name="tokens",
    title=_("API tokens"),
    shelf=Shelf.SHOP,
    rank=20,
    permission=Permission.TOKENS_MANAGE,
    urls=[
        path("", views.index, name="index"),
        path("issue", views.issue, name="issue"),
        path("revoke", views.revoke, name="revoke"),
    ],
    done={
        "asked": _("Another person is asked to approve this token. Once it is approved, issue it here again."),
        "revoked": _("The token is revoked: within seconds it is refused everywhere."),
    },
    failures={
        "TOKEN_NAME_INVALID": (
            _("This cannot name a token."),
            _KEPT,
            _("Choose letters, digits, spaces and . _ - and begin with a letter or a digit."),
        ),
        "TOKEN_NAME_TAKEN": (
            _("A token of this name is in use."),
            _KEPT,
            _("Choose another name, or revoke the token of this name first."),
        ),
        "UNKNOWN_TOKEN": (
            _("No token in use has this name."),
            NOTHING,
            _("Look at the list of tokens."),
        ),
        "SCOPE_UNKNOWN": (
            _("A token cannot be allowed this."),
            _KEPT,
            _("Choose from the list."),
        ),
    },
)
