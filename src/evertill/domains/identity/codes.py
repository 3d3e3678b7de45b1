"""One-time codes that are sent to a phone or an address. The caller holds a transaction and sends after its commit."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Callable, Iterator

from django.db import transaction

from evertill.domains.identity import allowances, guesses
from evertill.domains.identity.rules import CODE_DIGITS, CODE_FAILURES_MAX, long_code, long_code_chars, plain_code
from evertill.domains.identity.types import Allowed, Code
from evertill.kernel import config, crypto, db, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"
_HOUR_S, _DAY_S = 3600, 86_400
_ID_BITS = 128


class SendingLimited(EvertillError):
    """Too many codes were sent to this address, for this caller, or by the whole shop today."""

    code = "SENDING_LIMITED"
    status = "busy"
    remedy = "Use the code that was sent last, or ask for another one later."


def make(
    *,
    purpose: str,
    address: str,
    caller: str,
    now: dt.datetime,
    randbelow: Callable[[int], int] = secrets.randbelow,
) -> Code:
    """This function will make a code for one purpose and one address, to be sent there by who asked.

    `purpose` says what it is for and, where that matters, on what: `sign-in`, `change-phone:17`. Raises SendingLimited,
    the same for whichever limit is reached, and then counts nothing.

    After many wrong codes in a row for an address, its next ones are too long to be guessed, XXXX-XXXX-XXXX-XXXX, or
    XXXXXX by SMS, whose gateways take no more: so guessing ends, and its owner is not locked out.
    """
    with transaction.atomic():
        for allowed, key in _allowances(address=address, caller=caller):
            if not allowances.take(allowed=allowed, key=key, now=now):
                raise SendingLimited("Too many codes were asked for. No code was sent.")
        made = Code(
            id=str(uuid.UUID(int=randbelow(2**_ID_BITS))),
            digits=_digits(address, randbelow),
            expires_at=now + dt.timedelta(seconds=config.get().code_s),
        )
        db.execute(
            sql.load(_HERE, "add_code"),
            (
                uuid.UUID(made.id),
                purpose,
                _address(address),
                _digest(made.id, purpose, address, made.digits.replace("-", "")),
                now,
                made.expires_at,
            ),
        )
    return made


def give_back(*, address: str, caller: str, made_at: dt.datetime) -> None:
    """This function will count one code less, which was made but surely never sent: nobody had any use of it."""
    for allowed, key in _allowances(address=address, caller=caller):
        allowances.give_back(allowed=allowed, key=key, now=made_at)


def may_notify(*, phone: str, now: dt.datetime) -> bool:
    """This function will count a notice by SMS, and say whether this phone may still get it today: each is paid for."""
    most = config.get().notice_sms_day_max
    return allowances.take(allowed=Allowed(kind="notice-phone-day", most=most, window_s=_DAY_S), key=phone, now=now)


def use(*, code_id: str, purpose: str, address: str, digits: str, now: dt.datetime) -> bool:
    """This function will use a code up, and say whether it was right: for this purpose and address, in time, unused.

    A wrong try is counted, and after five the code is dead; so the caller commits whatever the answer is.
    """
    plain = plain_code(digits)
    if plain is None:
        # Nobody can come nearer to a code by what cannot be one.
        return False
    try:
        row_id = uuid.UUID(code_id)
    except ValueError:
        return False
    digest = _digest(str(row_id), purpose, address, plain)
    rows = db.fetch(sql.load(_HERE, "use_code"), (digest, now, row_id, purpose, _address(address), now))
    if not rows:
        # Not a guess: there is no such code any more.
        return False
    if not rows[0][0]:
        guesses.admit_quietly(name=_guessed(address), now=now)
        return False
    guesses.clear(names=[_guessed(address)], now=now)
    return True


def _digits(address: str, randbelow: Callable[[int], int]) -> str:
    if guesses.count_failures(name=_guessed(address)) < CODE_FAILURES_MAX:
        return f"{randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    chars = long_code_chars(address)
    return long_code(randbelow(32**chars), chars=chars)


def _guessed(address: str) -> str:
    return f"code {address}"


def _allowances(*, address: str, caller: str) -> Iterator[tuple[Allowed, str]]:
    settings = config.get()
    yield Allowed(kind="send-address-hour", most=settings.code_address_hour_max, window_s=_HOUR_S), address
    yield Allowed(kind="send-address-day", most=settings.code_address_day_max, window_s=_DAY_S), address
    yield Allowed(kind="send-caller-hour", most=settings.code_caller_hour_max, window_s=_HOUR_S), caller
    # The shop's counter last: everybody meets there, so it is held for the shortest time.
    yield Allowed(kind="send-shop-day", most=settings.code_shop_day_max, window_s=_DAY_S), ""


def _address(address: str) -> uuid.UUID:
    return uuid.UUID(bytes=crypto.mac(address.encode(), purpose="identity-code-address")[:16])


def _digest(code_id: str, purpose: str, address: str, digits: str) -> bytes:
    # Six digits are guessed at once by whoever has an unkeyed hash, however slow; only the key keeps them.
    return crypto.mac(code_id.encode(), purpose.encode(), address.encode(), digits.encode(), purpose="identity-code")
