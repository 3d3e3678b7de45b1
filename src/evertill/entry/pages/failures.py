"""Failures on account pages in a customer's words: what happened, what is safe, and what to do now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.entry.pages import troubles
from evertill.entry.pages.moments import write_hour
from evertill.entry.pages.troubles import Trouble
from evertill.kernel.errors import EvertillError

_Words = tuple[Promise | str, Promise | str, Promise | str]

_NOTHING = _("Nothing was changed.")
_AGAIN = _("Begin again: enter your email or mobile number.")
_CHOOSE = _("Choose another one and try again.")
_ADD = _("Add another way first, then remove this one.")
_OTHER_WAYS = _("Use a passkey, a code that we send you, or a recovery code. Those always open your account.")

_OF_SIGNING_IN: Mapping[str, _Words] = {
    "ADDRESS_INVALID": (
        _("This is neither an email address nor a mobile number."),
        _NOTHING,
        _("Check it: you@example.com, or a number with its country code, such as +86 138 0013 8000."),
    ),
    "SENDING_LIMITED": (
        _("Many codes were sent already."),
        _("The one that was sent last still counts."),
        _("Enter that one, or ask for another one in an hour."),
    ),
    "CODE_NOT_SENT": (
        _("The code could not be sent just now."),
        _NOTHING,
        _("Try again in a moment, or by another way: a passkey or a password needs no code."),
    ),
    "ADDRESS_REFUSED": (
        _("Nothing can be sent to this address."),
        _NOTHING,
        _("See whether it is typed right, or use another one."),
    ),
    "CHANNEL_CLOSED": (
        _("This shop cannot send codes to such an address."),
        _NOTHING,
        _("Use an email address instead of a number, or a number instead of an email address."),
    ),
    "CODE_WRONG": (
        _("This code is not right, or not any more."),
        _NOTHING,
        _("Enter the code of the newest message. After five wrong tries, or some minutes, you need a new one."),
    ),
    "ATTEMPT_ENDED": (
        _("This sign-in took too long, or was ended."),
        _NOTHING,
        _AGAIN,
    ),
    "SIGN_IN_REFUSED": (
        _("Address and password do not fit together."),
        _NOTHING,
        _("Correct them; or leave the password empty, and we send you a code."),
    ),
    "TOO_MANY_TRIES": (
        _("That was tried too often."),
        _("Nobody got in, and nothing was changed."),
        _OTHER_WAYS,
    ),
    "PASSWORDS_BUSY": (
        _("Many people are signing in at this moment."),
        _NOTHING,
        _("Press the button once more in a few seconds."),
    ),
    "FACTOR_WRONG": (
        _("This was not right."),
        _NOTHING,
        _("Try it again, or choose another way below."),
    ),
    "FACTOR_NOT_NEEDED": (
        _("This cannot be the second step of this sign-in."),
        _NOTHING,
        _("Choose one of the ways that are offered."),
    ),
    "FACTORS_TOO_WEAK": (
        _("Who works here signs in with a passkey or an authenticator app."),
        _NOTHING,
        _("Use one of them."),
    ),
    "ACCOUNT_GONE": (_("This account was deleted."), _NOTHING, _AGAIN),
    "PASSKEY_REFUSED": (
        _("This passkey could not be used."),
        _NOTHING,
        _("Try it again, or use another way to sign in."),
    ),
    "PASSKEYS_UNAVAILABLE": (
        _("Passkeys do not work at this address of the shop."),
        _NOTHING,
        _("Use another way to sign in."),
    ),
    "TOO_MANY_CHALLENGES": (
        _("Many people are signing in at this moment."),
        _NOTHING,
        _("Press the button once more in a few seconds."),
    ),
    "RECOVERY_NOT_READY": (
        _("The time of waiting is not over."),
        _("Your account is as it was."),
        _("Come back when it is; we write to you."),
    ),
    "RECOVERY_REFUSED": (
        _("This account cannot be recovered this way."),
        _("Your account is as it was."),
        _("Ask whoever runs the shop."),
    ),
}

_OF_THE_ACCOUNT: Mapping[str, _Words] = {
    "STEP_UP_REQUIRED": (
        _("This needs you to prove once more that it is you."),
        _NOTHING,
        _("Press the button again and follow the steps within five minutes."),
    ),
    "PASSWORD_UNFIT": (_("This password is too easy to guess."), _NOTHING, _CHOOSE),
    "PASSWORD_WRONG": (
        _("The present password is not right."),
        _NOTHING,
        _("Enter it again, or set a new one after a code that we send you."),
    ),
    "NAME_INVALID": (_("This name cannot be used."), _NOTHING, _CHOOSE),
    "ADDRESS_IN_USE": (
        _("This address belongs to another account already."),
        _NOTHING,
        _("Sign in with it, or use another one."),
    ),
    "TOO_MANY_ADDRESSES": (
        _("There are as many addresses as an account may have."),
        _NOTHING,
        _("Remove one that you do not use."),
    ),
    "ADDRESS_NOT_FOUND": (_("This address is not one of yours any more."), _NOTHING, _("Look again.")),
    "LAST_WAY_IN": (
        _("This is the last way into your account."),
        _("It stays, so that you are not locked out."),
        _ADD,
    ),
    "STAFF_NEED_STRONG_FACTOR": (
        _("Who works here signs in with a passkey or an authenticator app."),
        _("It stays, so that you are not locked out."),
        _ADD,
    ),
    "STAFF_CANNOT_DELETE": (
        _("Who works here cannot delete his account."),
        _NOTHING,
        _("Ask the owner of the shop to end your work here first."),
    ),
    "SMS_IN_USE": (
        _("Codes for the second step go to this number."),
        _NOTHING,
        _("Turn codes by SMS off first, or add another number."),
    ),
    "SMS_CANNOT_BE_SECOND": (
        _("Codes by SMS need a mobile number, and another way for the first step."),
        _NOTHING,
        _("Add your mobile number, and a password or an email address, first."),
    ),
    "TOTP_IN_USE": (
        _("There is an authenticator app already."),
        _NOTHING,
        _("Remove it first if you want to change to another one."),
    ),
    "TOO_MANY_PASSKEYS": (
        _("There are as many passkeys as an account may have."),
        _NOTHING,
        _("Remove one that you do not use."),
    ),
    "PASSKEY_NAME_INVALID": (_("This name cannot be used."), _NOTHING, _CHOOSE),
    "PASSKEY_NOT_FOUND": (_("This passkey is not there any more."), _NOTHING, _("Look again.")),
    "SESSION_NOT_FOUND": (_("This device is signed out already."), _NOTHING, _("Nothing is to be done.")),
    "BROWSER_NOT_FOUND": (_("This browser is forgotten already."), _NOTHING, _("Nothing is to be done.")),
}

_REASONS: Mapping[str, Promise | str] = {
    "TOO_SHORT": _("It is too short."),
    "TOO_LONG": _("It is too long."),
    "TOO_COMMON": _("It is on the list of passwords that thieves try first."),
    "NAMES_SHOP": _("It has the shop's own name in it."),
}


def tell(error: EvertillError) -> Trouble:
    """This function will say of an error what its reader should know."""
    found = _OF_SIGNING_IN.get(error.code) or _OF_THE_ACCOUNT.get(error.code)
    if found is None:
        return troubles.tell(error)
    what, kept, remedy = map(str, found)
    if next_at := error.facts.get("next_at"):
        remedy = str(_("Try again after %(moment)s, or use another way to sign in.")) % {"moment": _hour(next_at)}
    items = tuple(str(_REASONS[reason]) for reason in error.facts.get("reasons", ()) if reason in _REASONS)
    return Trouble(what=what, kept=kept, remedy=remedy, code=error.code, items=items)


def _hour(next_at: Any) -> str:  # noqa: ANN401 — facts are what an error's maker put there.
    return write_hour(next_at if isinstance(next_at, dt.datetime) else dt.datetime.fromisoformat(str(next_at)))
