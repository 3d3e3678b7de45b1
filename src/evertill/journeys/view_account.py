"""View an account, and change its name: what its owner calls himself, which nothing is proved by."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts
from evertill.domains.accounts import Account, NameInvalid
from evertill.domains.identity import Session
from evertill.journeys.begin_session import AccountGone
from evertill.journeys.record_act import record_act
from evertill.journeys.see_own import own_rows
from evertill.kernel import db

__all__ = ["Account", "AccountGone", "NameInvalid", "rename_account", "view_account"]


def view_account(*, session: Session) -> Account:
    """This function will return the caller's account; raises AccountGone."""
    with own_rows(session):
        account = accounts.read(account_id=session.account_id)
    if account is None or account.state is not accounts.AccountState.ACTIVE:
        raise AccountGone("This account was deleted.")
    return account


def rename_account(*, session: Session, display_name: str, now: dt.datetime) -> None:
    """This function will change the name that an account is shown by; raises NameInvalid, AccountGone.

    That it was changed is on record, for colleagues are known by their names; the names are not.
    """
    name = accounts.name_of(display_name)
    with db.write():
        if accounts.lock(account_id=session.account_id) is None:
            raise AccountGone("This account was deleted.")
        accounts.rename(account_id=session.account_id, display_name=name)
        record_act(session=session, operation="account.rename", now=now)
