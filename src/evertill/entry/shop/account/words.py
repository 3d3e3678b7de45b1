"""The account pages' words: factors as they are offered, and operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import PERMISSIONS, Permission
from evertill.domains.identity import Factor
from evertill.entry.pages.factors import ORDER, SENT, factor_name

_OPERATIONS: Mapping[str, Promise | str] = {
    "VIEW_CODES": _("You are about to see the codes of an order."),
    "CHANGE_PASSWORD": _("You are about to change your password."),
    "SET_PASSWORD": _("You are about to set a password."),
    "REMOVE_PASSWORD": _("You are about to remove your password."),
    "ADD_ADDRESS": _("You are about to add an address that can sign in."),
    "REMOVE_ADDRESS": _("You are about to remove an address."),
    "ADD_TOTP": _("You are about to add an authenticator app."),
    "REMOVE_TOTP": _("You are about to remove your authenticator app."),
    "SMS_SECOND_ON": _("You are about to have codes by SMS asked for when you sign in."),
    "SMS_SECOND_OFF": _("You are about to end codes by SMS as a second step."),
    "MAKE_RECOVERY_CODES": _("You are about to make new recovery codes; older ones end."),
    "ADD_PASSKEY": _("You are about to add a passkey."),
    "REMOVE_PASSKEY": _("You are about to remove a passkey."),
    "EXPORT_DATA": _("You are about to fetch everything that the shop keeps of you."),
    "DELETE_ACCOUNT": _("You are about to delete your account, for good."),
    "PAY": _("You are about to make a payment above the limit."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to prove who one is, as a page offers it; `hidden` is where a code goes, made unreadable for others."""

    factor: Factor
    name: str
    hidden: str
    is_sent: bool
    was_sent: bool


def ways(factors: Collection[Factor], *, hidden: Mapping[Factor, str], sent: Factor | None) -> list[Way]:
    """This function will put factors into the order of a page: what was just sent first, then the hardest to steal."""
    offered = [
        Way(
            factor=factor,
            name=factor_name(factor),
            hidden=hidden.get(factor, ""),
            is_sent=factor in SENT,
            was_sent=factor == sent,
        )
        for factor in ORDER
        if factor in factors
    ]
    return sorted(offered, key=lambda way: not way.was_sent)


def operation(name: str) -> str:
    """This function will say what somebody is about to do, as a sentence that names nothing secret."""
    if name in set(Permission):
        return f"{_('You are about to do something important.')} {gettext(PERMISSIONS[Permission(name)].says)}"
    return str(_OPERATIONS.get(name) or _("You are about to do something important."))


def codes_left(count: int) -> str:
    """This function will say how many recovery codes are left."""
    return ngettext("%(count)s recovery code is left.", "%(count)s recovery codes are left.", count) % {"count": count}
