"""What identity decides: forms, windows of time, what is enough."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import struct
from collections.abc import Collection

from evertill.domains.identity.types import Factor

CODE_DIGITS, CODE_TRIES_MAX = 6, 5
# Wrong codes in a row for one address until its codes get long. Those that are out then have 25 tries left at most,
# five codes of an hour with five each, so that no hundred guesses fail in a row.
CODE_FAILURES_MAX = 50
# 80 bits, read from paper in four groups of four.
RECOVERY_CODES, RECOVERY_CHARS = 10, 16
# Crockford's base 32: no I, L, O or U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110")
TOTP_STEP_S, TOTP_DIGITS, TOTP_SECRET_BYTES = 30, 6, 20
# NIST SP 800-63B-4, section 3.2.2: no more than 100 consecutive failures on one account.
FAILURES_MAX = 100
_FAILURES_FREE = 5
_DELAY_S_MAX = 900
# How long the secret of before is taken of a session that got another one: requests are on their way that bring it.
RENEWED_GRACE_S = 30
STRONG = frozenset({Factor.PASSKEY, Factor.TOTP})
_ORDINARY = frozenset({Factor.SMS_CODE, Factor.EMAIL_CODE, Factor.PASSWORD})


def window_of(now: dt.datetime, *, window_s: int) -> dt.datetime:
    """This function will return when the window that a moment lies in began, counted from the Unix epoch."""
    return dt.datetime.fromtimestamp(int(now.timestamp()) // window_s * window_s, tz=dt.UTC)


def plain_code(text: str) -> str | None:
    """This function will return what a typed one-time code means; None for a text that none can mean."""
    return _plain(text, CODE_DIGITS) or _plain(text, RECOVERY_CHARS)


def long_code_chars(address: str) -> int:
    """This function will say how long a code is that cannot be guessed: 80 bits, or 30 in an SMS.

    What gateways send there was approved before, and has six characters; at fifty tries a day, 30 bits outlast
    everybody.
    """
    return CODE_DIGITS if address.startswith("+") else RECOVERY_CHARS


def long_code(value: int, *, chars: int) -> str:
    """This function will write a value below 32 to the power of `chars` in letters and digits."""
    text = "".join(_ALPHABET[value >> 5 * place & 31] for place in reversed(range(chars)))
    return "-".join(text[at : at + 4] for at in range(0, chars, 4)) if chars > CODE_DIGITS else text


def recovery_code(value: int) -> str:
    """This function will write 80 bits as a recovery code, XXXX-XXXX-XXXX-XXXX."""
    return long_code(value, chars=RECOVERY_CHARS)


def plain_recovery_code(text: str) -> str | None:
    """This function will return what a typed recovery code means, forgiving case, dashes, spaces and I, L and O.

    None for a text that no recovery code can mean.
    """
    return _plain(text, RECOVERY_CHARS)


def _plain(text: str, chars: int) -> str | None:
    plain = "".join(text[:100].upper().replace("-", "").split()).translate(_LOOKALIKES)
    return plain if len(plain) == chars and set(plain) <= set(_ALPHABET) else None


def hotp(secret: bytes, counter: int) -> str:
    """This function will return the HOTP value of a counter, six digits, by HMAC-SHA-1 (RFC 4226, section 5.3)."""
    # SHA-1, because that is what every authenticator app speaks; HMAC does not rest on its collisions.
    mac = hmac.digest(secret, struct.pack(">Q", counter), "sha1")
    at = mac[-1] & 15
    (value,) = struct.unpack(">I", mac[at : at + 4])
    return f"{(value & 0x7FFFFFFF) % 10**TOTP_DIGITS:0{TOTP_DIGITS}}"


def matching_step(secret: bytes, code: str, *, now: dt.datetime) -> int | None:
    """This function will return the time step whose code this is: the present one, or one beside it (RFC 6238, 5.2)."""
    present = int(now.timestamp()) // TOTP_STEP_S
    found = None
    # All are compared, so that the time this takes does not tell which one fits.
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(hotp(secret, step).encode(), code.encode()):
            found = step
    return found


def as_base32(secret: bytes) -> str:
    """This function will write a TOTP secret as authenticator apps read it."""
    return base64.b32encode(secret).decode().rstrip("=")


def delay_after(failures: int) -> dt.timedelta | None:
    """This function will say how long to wait after so many failures in a row; None means for good.

    The first four cost nothing, as people mistype; then it is a second, doubled each time, up to a quarter of an
    hour.
    """
    if failures >= FAILURES_MAX:
        return None
    if failures < _FAILURES_FREE:
        return dt.timedelta(0)
    return dt.timedelta(seconds=min(2 ** min(failures - _FAILURES_FREE, 20), _DELAY_S_MAX))


def may_sign_in(factors: Collection[Factor], *, is_staff: bool) -> bool:
    """This function will say whether these factors are enough for a session: one that is strong, for staff."""
    return bool(STRONG & set(factors)) if is_staff else bool(factors)


def enough_for_step_up(enrolled: Collection[Factor], *, is_staff: bool) -> frozenset[Factor]:
    """This function will return the factors of which one has to be proved anew before an important operation.

    Whoever has a passkey or TOTP must use one of them, and staff in any case. Others prove what they have: a code to
    their phone or address before a password, which may be what was stolen. Nothing at all is never enough: then the
    set is empty and the operation cannot be done.
    """
    has = set(enrolled)
    if is_staff or STRONG & has:
        return frozenset(STRONG & has)
    codes = has & {Factor.SMS_CODE, Factor.EMAIL_CODE}
    return frozenset(codes or has & _ORDINARY)


def needed_beside(
    proved: Collection[Factor], *, enrolled: Collection[Factor], sms_second: bool, is_staff: bool
) -> frozenset[Factor]:
    """This function will return the factors of which one is needed beside those that were proved, none if it is enough.

    A passkey, which its user unlocked, is enough alone. Whoever has one, or an authenticator app, or made SMS codes his
    second step, needs a second step; the same phone is not two steps. Staff need what is strong, and nothing else
    helps.
    """
    has, shown = set(enrolled), set(proved)
    if is_staff:
        return frozenset() if STRONG & shown else frozenset(STRONG & has) or STRONG
    second = (STRONG | {Factor.SMS_CODE} if sms_second else STRONG) & has
    if not second or shown & (STRONG | {Factor.RECOVERY_CODE}) or (shown & second and len(shown) > 1):
        return frozenset()
    left = second - shown or has & {Factor.PASSWORD, Factor.EMAIL_CODE} - shown
    return frozenset(left | (has & {Factor.RECOVERY_CODE})) if left else frozenset()


def spelled(name: str) -> str:
    """This function will return the one spelling of what people sign in with, so that it is counted once."""
    return " ".join(name.split()).casefold()
