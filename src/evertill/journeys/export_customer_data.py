"""Export a customer's data at his request: the file that he could fetch himself; another person approves it."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from typing import IO

from evertill.domains import accounts, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.accounts import Account
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.export_my_data import file_of
from evertill.journeys.help_customer import CustomerGone
from evertill.journeys.permitted import Asker, Wish, approved, permitted
from evertill.journeys.proved_anew import proved_anew
from evertill.journeys.tell_owner import Notice, tell_owner

# What the notice to the customer says in the place of his device.
BY_US = {"en": "the shop's own desk, at your request", "zh-hans": "店铺工作台（应您的请求）"}

__all__ = ["BY_US", "ask_to_export_customer_data", "export_customer_data"]


def export_customer_data(*, asker: Asker, account_id: int, why: str, now: dt.datetime) -> IO[bytes]:
    """This function will return a file with all that is kept of a customer's account, and tell him of it.

    The caller closes it. Raises Forbidden, ApprovalRequired, StepUpRequired, CustomerGone.
    """
    subject, thing = _subject(account_id), _thing(account_id)
    with permitted(asker=asker, permission=Permission.DATA_EXPORT, subject=subject, thing=thing, now=now):
        account = _account(account_id)
        by = approved(asker=asker, wish=_wish(account_id), now=now)
        proved_anew(asker=asker, permission=Permission.DATA_EXPORT, subject=subject, now=now)
        facts = {"device": BY_US.get(account.language, BY_US["en"]), "place": ""}
        tell_owner(account_id=account_id, notice=Notice.DATA_EXPORTED, facts=facts, now=now)
        trail.write(
            actor=asker.actor,
            operation=Permission.DATA_EXPORT.value,
            subject=subject,
            after={"approved_by": by} if by else None,
            why=why,
            now=now,
        )
    return file_of(account, seen_as=nullcontext, now=now)


def ask_to_export_customer_data(*, asker: Asker, account_id: int, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that the export needs; raises Forbidden, CustomerGone."""
    subject, thing = _subject(account_id), _thing(account_id)
    with permitted(asker=asker, permission=Permission.DATA_EXPORT, subject=subject, thing=thing, now=now):
        _account(account_id)
    return decide_approvals.ask(asker=asker, wish=_wish(account_id), why=why, thing=thing, now=now)


def _account(account_id: int) -> Account:
    account = accounts.lock(account_id=account_id)
    if account is None:
        raise CustomerGone("There is no such account any more.")
    return account


def _wish(account_id: int) -> Wish:
    return Wish(
        permission=Permission.DATA_EXPORT,
        subject=_subject(account_id),
        content={"export": "account"},
        touched=(account_id,),
    )


def _subject(account_id: int) -> Subject:
    return Subject(kind="account", id=str(account_id))


def _thing(account_id: int) -> Thing:
    return Thing(kind="account", id=str(account_id), owner=account_id)
