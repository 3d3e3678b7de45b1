"""Begin a session: the one end of every way of signing in, with all that it means for the account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from evertill.domains import access, accounts, identity
from evertill.domains.accounts import Account
from evertill.journeys.record_act import record_act
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel.errors import EvertillError


class AccountGone(EvertillError):
    """The account was deleted."""

    code = "ACCOUNT_GONE"
    status = "conflict"
    remedy = "Begin anew; with the same address you can open another account."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who is asking, from where. `caller` is counted, `device` and `place` are what an owner recognises.

    `browser` is the secret by which this browser is known, "" without; `session` is the one that it has already, which
    ends when a new one begins.
    """

    caller: str
    device: str
    place: str
    browser: str = field(repr=False)
    language: str
    session: identity.Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody is signed in. Both secrets are for his browser only, and stand in no log."""

    account_id: int
    session: identity.Session
    session_secret: str = field(repr=False)
    browser_secret: str = field(repr=False)
    is_new_browser: bool


def lock_account(*, account_id: int) -> Account:
    """This function will hold an account's row, before anything else of it; raises AccountGone."""
    account = accounts.lock(account_id=account_id)
    if account is None:
        raise AccountGone("This account was deleted.")
    return account


def begin_session(
    *,
    account_id: int,
    factors: Collection[identity.Factor],
    trust: bool,
    visit: Visit,
    now: dt.datetime,
    is_opening: bool = False,
) -> SignedIn:
    """This function will begin a session for an account that proved these factors; the caller holds a transaction.

    With `trust`, the browser needs no second step for a while; never staff's. The owner is told of a browser or a place
    that is new, unless the account is just being opened. Whether the factors are enough for this account was decided
    before. Raises FactorsTooWeak for staff without a strong one, and AccountGone.
    """
    account = lock_account(account_id=account_id)
    is_staff = access.is_staff(account_id=account_id)
    seen, browser_secret = identity.browsers.note(
        account_id=account_id,
        secret=visit.browser,
        device=visit.device,
        place=visit.place,
        trust=trust and not is_staff,
        now=now,
    )
    secret = identity.sessions.start(
        account_id=account_id,
        is_staff=is_staff,
        factors=factors,
        device=visit.device,
        place=visit.place,
        browser_id=seen.browser_id,
        now=now,
    )
    session = identity.sessions.resume(secret=secret, now=now)
    assert session is not None  # noqa: S101 — it began in this very transaction.
    if visit.session is not None:
        before = visit.session
        identity.sessions.end(account_id=before.account_id, session_id=before.id, why="signed in anew", now=now)
    identity.guesses.clear(names=guessed_names(account), now=now)
    record_act(session=session, operation="account.open" if is_opening else "account.sign_in", now=now)
    if not is_opening and (seen.is_new or seen.is_new_place):
        facts = {"device": visit.device, "place": visit.place}
        tell_owner(account_id=account_id, notice=Notice.NEW_SIGN_IN, facts=facts, now=now)
    return SignedIn(
        account_id=account_id,
        session=session,
        session_secret=secret,
        browser_secret=browser_secret,
        is_new_browser=seen.is_new,
    )


def guessed_names(account: Account) -> list[str]:
    """This function will return every name under which guesses at an account are counted."""
    typed = [address.text for address in accounts.read_addresses(account_id=account.id)]
    return [*typed, password_name(account.id), second_name(account.id)]


def password_name(account_id: int) -> str:
    """This function will return the name under which guesses at an account's password are counted, by all addresses."""
    return f"password {account_id}"


def second_name(account_id: int) -> str:
    """This function will return the name under which guesses at an account's second step and step-up are counted."""
    return f"second {account_id}"
