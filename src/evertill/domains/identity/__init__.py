"""Identity: what proves who somebody is, how often that may be tried, and what was proved in a session.

Each file is one thing, read as `identity.codes.use`.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.identity import (
        allowances,
        attempts,
        browsers,
        ceremonies,
        codes,
        forgetting,
        guesses,
        keys,
        passkeys,
        recoveries,
        recovery,
        sessions,
        stepup,
        totp,
    )
    from evertill.domains.identity.rules import enough_for_step_up, needed_beside
    from evertill.domains.identity.types import (
        Admission,
        Allowed,
        Attempt,
        Browser,
        Ceremony,
        Code,
        Factor,
        Operation,
        Passkey,
        Recovery,
        Session,
        UsedPasskey,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "Admission",
    "Allowed",
    "Attempt",
    "Browser",
    "Ceremony",
    "Code",
    "Factor",
    "Operation",
    "Passkey",
    "Recovery",
    "Session",
    "UsedPasskey",
    "allowances",
    "attempts",
    "browsers",
    "ceremonies",
    "codes",
    "enough_for_step_up",
    "forgetting",
    "guesses",
    "keys",
    "needed_beside",
    "passkeys",
    "recoveries",
    "recovery",
    "sessions",
    "stepup",
    "totp",
]
