"""Staff and roles: who works here, in which roles, given by whom; and what each role may do."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.staff import composing, views
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="staff",
    title=_("Staff and roles"),
    shelf=Shelf.PEOPLE,
    rank=20,
    permission=Permission.ACCESS_READ,
    urls=[
        path("", views.index, name="index"),
        path("new", views.add, name="add"),
        path("roles/", composing.roles, name="roles"),
        path("roles/new", composing.compose, name="compose"),
        path("roles/<slug:name>/", composing.role, name="role"),
        path("roles/<slug:name>/change", composing.change, name="change"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/grant", views.grant, name="grant"),
        path("<str:number>/revoke", views.revoke, name="revoke"),
        path("<str:number>/remove", views.remove, name="remove"),
    ],
    done={
        "added": _("This account works for the shop now. It has no role yet, and signs in anew."),
        "removed": _("This account is a customer's again. It is signed out everywhere."),
        "granted": _("The role is given."),
        "revoked": _("The role is taken; what its bearer was doing ends with what he does next."),
        "defined": _("The role is as you made it, for everybody who has it."),
        "asked": _("Another person is asked to approve this. Once it is approved, do it here again."),
    },
    failures={
        "ACCOUNT_UNKNOWN": (
            _("No account has this address."),
            NOTHING,
            _("Let this person sign up in the shop first, with this address."),
        ),
        "STAFF_NEED_STRONG_FACTOR": (
            _("This account has neither a passkey nor an authenticator app, and staff need one."),
            NOTHING,
            _("Let this person add one on the account's pages first."),
        ),
        "NOT_STAFF": (_("This account does not work for the shop."), NOTHING, _("Look at the list of staff.")),
        "STILL_IN_ROLES": (
            _("This account still has roles."),
            NOTHING,
            _("Take its roles first; another person approves each."),
        ),
        "ROLE_UNCHANGED": (
            _("This is so already."),
            NOTHING,
            _("Look at the roles of this account."),
        ),
        "ROLE_NAME_INVALID": (
            _("This cannot name a role."),
            NOTHING,
            _("Choose words of a–z and 0–9 with dashes between them, 40 characters at most: night-shift."),
        ),
        "UNKNOWN_ROLE": (_("There is no such role."), NOTHING, _("Look at the list of roles.")),
    },
)
