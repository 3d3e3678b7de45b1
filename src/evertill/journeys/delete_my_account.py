"""Delete my account: all that was kept of it goes, but for orders and books, which the law wants kept, without a name.

What is many, such as orders, is done batch by batch after the account itself is gone; a job goes on with what a death
in between has left.
"""

from __future__ import annotations

import datetime as dt

from evertill.domains import access, accounts, claims, identity, messages, orders, reviews, submissions
from evertill.domains.identity import Operation, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import Visit
from evertill.journeys.find_mentions import Mention, forget_mentions, mentions_of
from evertill.journeys.messages_of_orders import keys_of, refunds_of
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = ["StaffCannotDelete", "clean", "delete_my_account", "erase", "finish_deletions"]

# For as long after a deletion something of it can still come in: messages that wait, an order that was being placed.
_GOING_ON = dt.timedelta(days=1)


class StaffCannotDelete(EvertillError):
    """The account works for the shop."""

    code = "STAFF_CANNOT_DELETE"
    status = "conflict"
    remedy = "Ask whoever runs the shop to make it a customer's account first."


def delete_my_account(*, session: Session, visit: Visit, now: dt.datetime) -> None:
    """This function will delete the caller's account and end its sessions. Step-up: DELETE_ACCOUNT.

    The owner is told at all addresses. Nothing brings it back. Raises StepUpRequired, StaffCannotDelete.
    """
    with acting(session=session, operation=Operation.DELETE_ACCOUNT, now=now) as account:
        if access.is_staff(account_id=account.id):
            raise StaffCannotDelete("This account works for the shop.")
        erase(account_id=account.id, device=visit.device, place=visit.place, now=now)
    clean(account_id=account.id)


def erase(*, account_id: int, device: str, place: str, everywhere: bool = False, now: dt.datetime) -> list[Mention]:
    """This function will tell an account's owner, and empty it, in the caller's transaction, which has locked it.

    It returns where words of staff still may name him: those about him, or `everywhere`. Afterwards the caller has to
    `clean`; what a death in between leaves, the jobs do.
    """
    # While it is known who he is.
    mentions = mentions_of(account_id=account_id, now=now, everywhere=everywhere)
    staying = forget_mentions(mentions=mentions, now=now)
    facts = {"device": device, "place": place}
    tell_owner(account_id=account_id, notice=Notice.ACCOUNT_DELETED, facts=facts, now=now)
    identity.forgetting.forget_account(account_id=account_id)
    accounts.erase(account_id=account_id, now=now)
    return staying


def finish_deletions(*, now: dt.datetime) -> int:
    """This function will take what is left of accounts that were deleted lately, and return how many these are."""
    still = dt.timedelta(hours=config.get().message_age_h) + _GOING_ON
    deleted = accounts.find_deleted(after=now - still)
    for account_id in deleted:
        clean(account_id=account_id)
    return len(deleted)


def clean(*, account_id: int) -> None:
    """This function will remove what a deleted account was told and could not order, and names from its orders.

    Safe to repeat.
    """
    limit = config.get().forget_batch_max
    with db.write():
        # The notice that it was deleted is still sent; once it was, the job removes it too.
        messages.remove_of_account(account_id=account_id)
        claims.operations.pseudonymise(account_id=account_id)
    while _remove_submissions(account_id, limit=limit) == limit:
        continue
    while _unname(account_id, limit=limit) == limit:
        continue


def _remove_submissions(account_id: int, *, limit: int) -> int:
    with db.write():
        return submissions.remove_of_account(account_id=account_id, limit=limit)


def _unname(account_id: int, *, limit: int) -> int:
    with db.write():
        unnamed = orders.pseudonymise(account_id=account_id, limit=limit)
        if unnamed:
            reviews.forget_texts(order_ids=unnamed)
            _intents, refunds = refunds_of(unnamed)
            every_refund = [refund for some in refunds.values() for refund in some]
            # Those that wait, too: nobody is there any more to be told.
            messages.remove(keys=keys_of(unnamed, every_refund))
    return len(unnamed)
