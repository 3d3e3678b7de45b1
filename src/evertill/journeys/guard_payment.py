"""Guard a payment: what an account ordered above a limit is paid by its owner, who proved himself for it just now.

An order's token is in links and mails, and is not enough for what is dear. Programs come with tokens of their own and
are not asked.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from evertill.domains import identity
from evertill.domains.identity import Operation
from evertill.kernel import config, ids
from evertill.kernel.errors import EvertillError

__all__ = ["CUSTOMER", "OwnerNeeded", "Payer", "StepUpRequired", "guard_payment"]

StepUpRequired = identity.stepup.StepUpRequired

# How whoever comes with an order's own token stands in its history.
CUSTOMER = "customer"


class Payer(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever is signed in where a payment is made."""

    account_id: int
    session_id: int


class OwnerNeeded(EvertillError):
    """The order is an account's, and costs more than the shop lets anybody pay who has only its token."""

    code = "OWNER_NEEDED"
    status = "forbidden"
    kept = "The order stays as it is, and nothing was paid."
    remedy = "Sign in with the account that placed the order, and pay from there."


def guard_payment(
    *, order_id: int, account_id: int | None, total: int, actor: str, payer: Payer | None, now: dt.datetime
) -> None:
    """This function will use up the owner's leave to pay an order whose total, in minor units, needs one.

    The caller holds the transaction that makes the payment. Raises OwnerNeeded, and StepUpRequired for the owner
    without leave; step-up: PAY, subject: the order's number.
    """
    if account_id is None or actor != CUSTOMER or total < config.get().pay_step_up_amount:
        return
    if payer is None or payer.account_id != account_id:
        raise OwnerNeeded("This order is paid by the account that placed it.")
    identity.stepup.spend(
        session_id=payer.session_id, operation=Operation.PAY, subject=ids.to_number(order_id), now=now
    )
