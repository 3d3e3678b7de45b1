"""Browsers that an account signed in with: which are known, from where, and which need no second step for a while.

All of it is here, so that it can be seen and taken back; the cookie is a secret that is changed at every sign-in. The
caller holds a transaction.
"""

from __future__ import annotations

import datetime as dt
import uuid

from evertill.domains.identity.types import Browser, Seen
from evertill.kernel import config, crypto, db, ids, sql

_HERE = "evertill.domains.identity"
_DEVICE_CHARS, _PLACE_CHARS = 200, 100


def note(*, account_id: int, secret: str, device: str, place: str, trust: bool, now: dt.datetime) -> tuple[Seen, str]:
    """This function will note that an account signs in with a browser, and return what is new, and its new secret.

    `secret` is what the browser had, "" for nothing. Others who signed in with it go on being known by the new one.
    With `trust`, its next sign-ins need no second step for `config.browser_trust_days`. The caller holds the account.
    """
    renewed = crypto.new_secret("evb")
    device, place = device[:_DEVICE_CHARS], place[:_PLACE_CHARS]
    known: dict[int, int] = {}
    if secret:
        known = {owner: row for row, owner in db.fetch(sql.load(_HERE, "lock_browsers"), (_digest(secret),))}
    ((browsers, here),) = db.fetch(sql.load(_HERE, "places_of"), (place, account_id))
    if known:
        db.execute(sql.load(_HERE, "renew_browser"), (_digest(renewed), _digest(secret)))
    if account_id in known:
        browser_id = known[account_id]
        db.execute(sql.load(_HERE, "see_browser"), (now, device, place, place, place, browser_id))
    else:
        (browser_id,) = ids.new_ids(1, now=now)
        db.execute(sql.load(_HERE, "add_browser"), (browser_id, account_id, _digest(renewed), device, place, now, now))
        db.execute(sql.load(_HERE, "remove_most_browsers"), (account_id,))
    days = config.get().browser_trust_days
    if trust and days:
        db.execute(sql.load(_HERE, "trust_browser"), (now, now + dt.timedelta(days=days), browser_id))
    seen = Seen(browser_id=browser_id, is_new=account_id not in known, is_new_place=here == 0, is_first=browsers == 0)
    return seen, renewed


def is_trusted(*, account_id: int, secret: str, now: dt.datetime) -> bool:
    """This function will say whether an account needs no second step in this browser now."""
    if not secret:
        return False
    ((trusted,),) = db.fetch(sql.load(_HERE, "is_trusted"), (account_id, _digest(secret), now))
    return bool(trusted)


def list_known(*, account_id: int, now: dt.datetime) -> list[Browser]:
    """This function will return the browsers that an account signed in with, the one used last first."""
    return [
        Browser(
            id=browser_id,
            device=device,
            places=tuple(places),
            first_at=first_at,
            last_at=last_at,
            trusted_until=trusted_until if trusted_until and trusted_until > now else None,
        )
        for browser_id, device, places, first_at, last_at, trusted_until in db.fetch(
            sql.load(_HERE, "list_browsers"), (account_id,)
        )
    ]


def forget(*, account_id: int, browser_id: int, now: dt.datetime) -> bool:
    """This function will forget a browser and end its sessions, and say whether the account had it."""
    if not db.execute(sql.load(_HERE, "forget_browser"), (account_id, browser_id)):
        return False
    db.execute(sql.load(_HERE, "end_sessions_of_browser"), (now, "browser forgotten", account_id, browser_id))
    return True


def end_trust(*, account_id: int) -> int:
    """This function will have every browser of an account need the second step again, and return how many did not."""
    return db.execute(sql.load(_HERE, "end_trust"), (account_id,))


def _digest(secret: str) -> uuid.UUID:
    # 256 random bits need no slow hash.
    return uuid.UUID(bytes=crypto.fingerprint(b"identity.browser", secret[:100].encode()))
