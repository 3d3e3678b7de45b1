"""Identity: what proves who somebody is, how often that may be tried, and what was proved in a session.

Each file is one thing, read as `identity.codes.use`.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.identity import codes, guesses, keys, passkeys, recovery, sessions, stepup, totp
    from evertill.domains.identity.types import Admission, Ceremony, Code, Factor, Passkey, Session, UsedPasskey

__getattr__ = open_door(__name__)

__all__ = [
    "Admission",
    "Ceremony",
    "Code",
    "Factor",
    "Passkey",
    "Session",
    "UsedPasskey",
    "codes",
    "guesses",
    "keys",
    "passkeys",
    "recovery",
    "sessions",
    "stepup",
    "totp",
]
