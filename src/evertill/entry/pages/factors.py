"""What people call the factors by which somebody proves himself."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.identity import Factor

# The one that is hardest to steal comes first.
ORDER = (
    Factor.PASSKEY,
    Factor.TOTP,
    Factor.PASSWORD,
    Factor.SMS_CODE,
    Factor.EMAIL_CODE,
    Factor.RECOVERY_CODE,
)

# What is sent when it is asked for.
SENT = (Factor.SMS_CODE, Factor.EMAIL_CODE)

_NAMES: Mapping[Factor, Promise | str] = {
    Factor.PASSKEY: _("Passkey"),
    Factor.TOTP: _("Authenticator app"),
    Factor.PASSWORD: _("Password"),
    Factor.SMS_CODE: _("Code by SMS"),
    Factor.EMAIL_CODE: _("Code by email"),
    Factor.RECOVERY_CODE: _("Recovery code"),
}


def factor_name(factor: Factor) -> str:
    """This function will return what people call a factor."""
    return str(_NAMES[factor])


def proved_names(factors: Collection[Factor]) -> str:
    """This function will name the factors that a session proved."""
    return ", ".join(factor_name(factor) for factor in ORDER if factor in factors)
