"""Delete a customer at his request: what he could do himself, for who asks the shop instead; another person approves.

What goes and what stays is the same: orders and books stay, as the law wants, without a name, and the audit trail,
which holds numbers in the place of people. How he asked is on record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains import access, accounts, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.delete_my_account import clean, erase
from evertill.journeys.export_customer_data import BY_US
from evertill.journeys.find_mentions import Mention
from evertill.journeys.help_customer import CustomerGone, WorksHere
from evertill.journeys.permitted import Asker, Wish, approved, permitted
from evertill.journeys.proved_anew import proved_anew
from evertill.kernel.errors import EvertillError

__all__ = ["RequestMissing", "ask_to_delete_customer", "delete_customer"]

_REQUEST_CHARS_MAX = 500


class RequestMissing(EvertillError):
    """It was not said how the customer asked for this."""

    code = "REQUEST_MISSING"
    remedy = "Say how and when he asked, so that it can be shown: the letter, the ticket, the call."


def delete_customer(*, asker: Asker, account_id: int, request: str, now: dt.datetime) -> list[Mention]:
    """This function will delete a customer's account as he could himself, and tell him at all his addresses.

    It returns where words that staff typed may name him still. `request` says how he asked. Nothing brings the account
    back. Raises RequestMissing, Forbidden, ApprovalRequired, StepUpRequired, CustomerGone, WorksHere.
    """
    said = _check(request)
    subject, thing = _subject(account_id), _thing(account_id)
    with permitted(asker=asker, permission=Permission.CUSTOMERS_DELETE, subject=subject, thing=thing, now=now):
        language = _lock(account_id)
        by = approved(asker=asker, wish=_wish(account_id, said), now=now)
        proved_anew(asker=asker, permission=Permission.CUSTOMERS_DELETE, subject=subject, now=now)
        named = erase(
            account_id=account_id, device=BY_US.get(language, BY_US["en"]), place="", everywhere=True, now=now
        )
        trail.write(
            actor=asker.actor,
            operation=Permission.CUSTOMERS_DELETE.value,
            subject=subject,
            after=_told(by, named) or None,
            why=said,
            now=now,
        )
    clean(account_id=account_id)
    return named


def _told(by: str | None, named: Sequence[Mention]) -> dict[str, object]:
    """What the record of a deletion says: who approved it, and where words of staff may name him still."""
    told: dict[str, object] = {"approved_by": by} if by else {}
    return told | ({"named_in": [one.number for one in named]} if named else {})


def ask_to_delete_customer(*, asker: Asker, account_id: int, request: str, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that deleting takes; raises RequestMissing, Forbidden, CustomerGone."""
    said = _check(request)
    subject, thing = _subject(account_id), _thing(account_id)
    with permitted(asker=asker, permission=Permission.CUSTOMERS_DELETE, subject=subject, thing=thing, now=now):
        _lock(account_id)
    return decide_approvals.ask(asker=asker, wish=_wish(account_id, said), why=why, thing=thing, now=now)


def _check(request: str) -> str:
    said = " ".join(request.split())
    if not said or len(said) > _REQUEST_CHARS_MAX:
        raise RequestMissing(f"This takes 1 to {_REQUEST_CHARS_MAX} characters.")
    return said


def _lock(account_id: int) -> str:
    """Hold the account, which is a customer's, and return its language."""
    account = accounts.lock(account_id=account_id)
    if account is None:
        raise CustomerGone("There is no such account any more.")
    if access.is_staff(account_id=account_id):
        raise WorksHere("This account works for the shop.")
    return account.language


def _wish(account_id: int, request: str) -> Wish:
    return Wish(
        permission=Permission.CUSTOMERS_DELETE,
        subject=_subject(account_id),
        content={"delete": "account", "why": request},
        touched=(account_id,),
    )


def _subject(account_id: int) -> Subject:
    return Subject(kind="account", id=str(account_id))


def _thing(account_id: int) -> Thing:
    return Thing(kind="account", id=str(account_id), owner=account_id)
