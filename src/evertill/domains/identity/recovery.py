"""Recovery codes: a list on paper, shown once, each good for one sign-in. The caller holds a transaction.

80 random bits cannot be guessed, so a fast keyed hash keeps them as well as a slow one would.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable

from evertill.domains.identity.rules import RECOVERY_CHARS, RECOVERY_CODES, plain_recovery_code, recovery_code
from evertill.kernel import crypto, db, sql

_HERE = "evertill.domains.identity"
_CODE_BITS = 5 * RECOVERY_CHARS


def make(*, account_id: int, now: dt.datetime, randbits: Callable[[int], int] = secrets.randbits) -> list[str]:
    """This function will return a new list of recovery codes, which cannot be had again, and end the one before."""
    codes: set[str] = set()
    while len(codes) < RECOVERY_CODES:
        codes.add(recovery_code(randbits(_CODE_BITS)))
    made = sorted(codes)
    # In the order of their places, so that of two lists made at once the later one stands whole.
    places = list(range(RECOVERY_CODES))
    digests = [_digest(account_id, code.replace("-", "")) for code in made]
    db.execute(sql.load(_HERE, "replace_recovery_codes"), (account_id, now, places, digests))
    return made


def use(*, account_id: int, code: str, now: dt.datetime) -> bool:
    """This function will use a recovery code up, and say whether it was one of the account's that nobody had used."""
    plain = plain_recovery_code(code)
    if plain is None:
        return False
    return db.execute(sql.load(_HERE, "use_recovery_code"), (now, account_id, _digest(account_id, plain))) == 1


def remove(*, account_id: int) -> bool:
    """This function will remove an account's recovery codes, and say whether it had any."""
    return db.execute(sql.load(_HERE, "remove_recovery_codes"), (account_id,)) > 0


def count_left(*, account_id: int) -> int:
    """This function will return how many of the account's recovery codes are left."""
    ((left,),) = db.fetch(sql.load(_HERE, "count_recovery_codes"), (account_id,))
    return int(left)


def _digest(account_id: int, plain: str) -> bytes:
    return crypto.mac(account_id.to_bytes(8, "big"), plain.encode(), purpose="identity-recovery-code")
