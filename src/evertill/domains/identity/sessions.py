"""Sessions: who is signed in, where, and which factors proved it when. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from evertill.domains.identity.rules import RENEWED_GRACE_S, may_sign_in
from evertill.domains.identity.types import Factor, Session
from evertill.kernel import config, crypto, db, ids, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"
_DEVICE_CHARS, _PLACE_CHARS, _WHY_CHARS = 200, 100, 40
_MINUTE_S, _HOUR_S = 60, 3600


class FactorsTooWeak(EvertillError):
    """What was proved is not enough for this account: staff need a passkey or an authenticator app."""

    code = "FACTORS_TOO_WEAK"
    status = "forbidden"
    remedy = "Sign in with a passkey or an authenticator app."


def start(
    *,
    account_id: int,
    is_staff: bool,
    factors: Collection[Factor],
    device: str,
    place: str,
    now: dt.datetime,
    browser_id: int | None = None,
) -> str:
    """This function will begin a session and return its secret, which only the browser keeps; raises FactorsTooWeak."""
    if not may_sign_in(factors, is_staff=is_staff):
        raise FactorsTooWeak("This sign-in needs a passkey or an authenticator app.")
    settings = config.get()
    lasts_s = _HOUR_S * (settings.staff_session_h if is_staff else settings.session_h)
    idle_s = _MINUTE_S * settings.staff_session_idle_min if is_staff else _HOUR_S * settings.session_idle_h
    secret = crypto.new_secret("evs")
    proved = sorted({factor.value for factor in factors})
    (session_id,) = ids.new_ids(1, now=now)
    db.execute(
        sql.load(_HERE, "add_session"),
        (
            session_id,
            _digest(secret),
            account_id,
            is_staff,
            device[:_DEVICE_CHARS],
            place[:_PLACE_CHARS],
            proved,
            [now] * len(proved),
            now,
            now,
            now + dt.timedelta(seconds=lasts_s),
            idle_s,
            browser_id,
        ),
    )
    return secret


def resume(*, secret: str, now: dt.datetime) -> Session | None:
    """This function will return the session of a secret and note it as seen; None when it is ended, idle or old.

    It is noted once a minute, so `seen_at` lags by as much, and being idle counts from there.
    """
    digest = _digest(secret)
    rows = db.fetch(sql.load(_HERE, "resume_session"), (digest, now, now, digest, *[now] * 5))
    return _sessions(rows)[0] if rows else None


def renew(*, session_id: int, now: dt.datetime) -> str:
    """This function will give an open session another secret and return it; "" when that was done a moment ago.

    The secret of before is taken for so long as requests may be on their way that bring it, and never again.
    """
    secret = crypto.new_secret("evs")
    values = (now, RENEWED_GRACE_S, _digest(secret), session_id, now)
    return secret if db.execute(sql.load(_HERE, "renew_session"), values) else ""


def list_open(*, account_id: int, now: dt.datetime) -> list[Session]:
    """This function will return the account's open sessions, the one seen last first."""
    return _sessions(db.fetch(sql.load(_HERE, "list_sessions"), (account_id, now, now)))


def list_kept(*, account_id: int, limit: int) -> list[tuple[Session, dt.datetime | None]]:
    """This function will return up to `limit` sessions of an account with when they were ended, the latest first.

    Without such a moment it is open, or ran out.
    """
    rows = db.fetch(sql.load(_HERE, "list_kept_sessions"), (account_id, limit))
    return list(zip(_sessions([row[:-1] for row in rows]), [row[-1] for row in rows], strict=True))


def prove(*, session_id: int, factor: Factor, now: dt.datetime) -> None:
    """This function will note that a factor was proved in an open session."""
    db.execute(sql.load(_HERE, "prove_factor"), (factor.value, factor.value, factor.value, now, session_id, now, now))


def end(*, account_id: int, session_id: int, why: str, now: dt.datetime) -> bool:
    """This function will end one session of an account, and say whether it was open."""
    return db.execute(sql.load(_HERE, "end_session"), (now, why[:_WHY_CHARS], account_id, session_id)) == 1


def end_others(*, account_id: int, but: int | None, why: str, now: dt.datetime) -> int:
    """This function will end every session of an account but one, as when its password changed; returns how many."""
    return db.execute(sql.load(_HERE, "end_other_sessions"), (now, why[:_WHY_CHARS], account_id, but or 0))


def end_all(*, why: str, now: dt.datetime) -> int:
    """This function will end every session of the shop, and return how many."""
    return db.execute(sql.load(_HERE, "end_all_sessions"), (now, why[:_WHY_CHARS]))


def _digest(secret: str) -> uuid.UUID:
    # 256 random bits need no slow hash.
    return uuid.UUID(bytes=crypto.fingerprint(b"identity.session", secret[:100].encode()))


def _sessions(rows: Sequence[Any]) -> list[Session]:
    return [
        Session(
            id=session_id,
            account_id=account_id,
            is_staff=is_staff,
            device=device,
            place=place,
            proved=dict(zip(map(Factor, factors), proved_at, strict=True)),
            started_at=started_at,
            seen_at=seen_at,
            ends_at=ends_at,
            browser_id=browser_id,
        )
        for (
            session_id,
            account_id,
            is_staff,
            device,
            place,
            factors,
            proved_at,
            started_at,
            seen_at,
            ends_at,
            browser_id,
        ) in rows
    ]
