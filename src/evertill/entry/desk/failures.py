"""Failures in the words of whoever works here: what happened, what is safe, and what to do now."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Objection
from evertill.entry.desk.rooms import Words
from evertill.entry.shop.account import failures
from evertill.entry.shop.troubles import Trouble
from evertill.kernel.errors import EvertillError

_NOTHING = _("Nothing was changed.")

_COMMON: Mapping[str, Words] = {
    "FORBIDDEN": (
        _("You may not do this."),
        _("Nothing was changed. That it was tried is on record."),
        _("Ask somebody who may, or an administrator for the role that it needs."),
    ),
    "APPROVAL_REQUIRED": (
        _("Another person has to approve this first."),
        _NOTHING,
        _("Ask for the approval below. Once it is given, do this again."),
    ),
    "APPROVAL_NOT_OPEN": (
        _("This request has ended: it was decided, used, taken back, or it waited too long."),
        _NOTHING,
        _("Look at the list of approvals again."),
    ),
    "TOO_MANY_ASKED": (
        _("You have asked for as many approvals as one person may have waiting."),
        _NOTHING,
        _("Have some of them decided, or take them back."),
    ),
    "CHANGED_MEANWHILE": (
        _("Somebody else has changed this since you opened it."),
        _("What the other person changed stands, and yours was not applied."),
        _("Look at what is new, and do yours again if it still fits."),
    ),
    "STEP_UP_REQUIRED": (
        _("This needs you to prove once more that it is you."),
        _NOTHING,
        _("Press the button again and follow the steps within five minutes."),
    ),
    "DATABASE_BUSY": (
        _("The shop is busy with the same thing at this moment."),
        _NOTHING,
        _("Do it again in a few seconds."),
    ),
}

_OBJECTIONS: Mapping[str, Promise | str] = {
    Objection.NOT_ALLOWED.name: _("This needs a permission that none of your roles has."),
    Objection.NOT_HELD.name: _("Nobody gives, takes or approves what he does not hold himself."),
    Objection.SELF.name: _("Nobody decides about himself."),
    Objection.TOGETHER.name: _(
        "These roles do not go together: one asks for what the other approves, or one only looks on."
    ),
    Objection.HELD.name: _("The account has this role already."),
    Objection.NOT_GIVEN.name: _("The account does not have this role."),
    Objection.LAST_OWNER.name: _("A shop has at least one owner."),
    Objection.NOT_GIVABLE.name: _("Everybody has this by himself, or it is an owner’s alone."),
    Objection.NAME_TAKEN.name: _("The shop has a role of this name that comes with it."),
}


def objection(one: Objection | None) -> str:
    """This function will say why somebody may not do something; "" when he may."""
    return str(_OBJECTIONS[one.name]) if one else ""


def tell(error: EvertillError, *, known: Mapping[str, Words]) -> Trouble:
    """This function will say of an error what its reader should know; `known` are the words of the room he is in."""
    words = known.get(error.code) or _COMMON.get(error.code)
    if words is None:
        return failures.tell(error)
    what, kept, remedy = map(str, words)
    reason = _OBJECTIONS.get(error.facts.get("objection", ""))
    return Trouble(what=what, kept=kept, remedy=remedy, code=error.code, items=(str(reason),) if reason else ())
