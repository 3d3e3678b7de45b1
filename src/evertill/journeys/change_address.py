"""Change addresses: add one by step-up and a code that is sent there, remove one; never the last way in.

Whoever is reached at the addresses from before is told there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import accounts, identity
from evertill.domains.accounts import Address, AddressInUse, AddressKind, TooManyAddresses
from evertill.domains.identity import Operation, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import AccountGone, Visit
from evertill.journeys.claim_orders import claim_orders
from evertill.journeys.enrolled_factors import LastWayIn, SmsInUse, keep_enough
from evertill.journeys.record_act import record_act
from evertill.journeys.see_own import own_rows
from evertill.journeys.send_code import send_code
from evertill.journeys.sign_in import CodeWrong
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = [
    "AddingAddress",
    "AddressInUse",
    "AddressNotFound",
    "CodeWrong",
    "LastWayIn",
    "SmsInUse",
    "TooManyAddresses",
    "begin_adding",
    "finish_adding",
    "list_addresses",
    "remove_address",
]


class AddressNotFound(EvertillError):
    """The account has no such address."""

    code = "ADDRESS_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the list again; it may be removed already."


@dataclass(frozen=True, slots=True, kw_only=True)
class AddingAddress:
    """A code was sent to the new address. The page keeps `code_id` in its form."""

    code_id: str
    kind: AddressKind
    address: str
    expires_at: dt.datetime


def list_addresses(*, session: Session) -> list[Address]:
    """This function will return the addresses of the caller's account, in the order in which it got them."""
    with own_rows(session):
        return accounts.read_addresses(account_id=session.account_id)


def begin_adding(*, session: Session, address: str, visit: Visit, now: dt.datetime) -> AddingAddress:
    """This function will send a code to an address that is to be added, whoever has it.

    Step-up: ADD_ADDRESS on the address in its one spelling, `EMAIL:ada@example.com`. Raises AddressInvalid,
    StepUpRequired, TooManyAddresses, and what send_code raises.
    """
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    with acting(session=session, operation=Operation.ADD_ADDRESS, subject=f"{kind}:{spelled}", now=now) as account:
        mine = accounts.read_addresses(account_id=account.id)
        if len(mine) >= config.get().account_addresses_max:
            raise TooManyAddresses("This account has as many addresses as it may have.")
    # The code itself goes on with what step-up allowed: for this account and session, and ten minutes at most.
    sent = send_code(
        purpose=_purpose(session),
        kind=kind,
        address=spelled,
        caller=visit.caller,
        language=account.language,
        now=now,
    )
    return AddingAddress(code_id=sent.code_id, kind=kind, address=spelled, expires_at=sent.expires_at)


def finish_adding(*, session: Session, address: str, code_id: str, digits: str, now: dt.datetime) -> Address:
    """This function will add an address by the code that was sent there, and tell the owner at the others.

    What guests ordered with the address is the account's from here on.

    Raises AddressInvalid, CodeWrong, TooManyAddresses, and AddressInUse, which only who has the address is told.
    """
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    problem: EvertillError | None = None
    with db.write():
        account = accounts.lock(account_id=session.account_id)
        if account is None:
            raise AccountGone("This account was deleted.")
        before = accounts.read_addresses(account_id=account.id)
        if not identity.codes.use(code_id=code_id, purpose=_purpose(session), address=spelled, digits=digits, now=now):
            problem = CodeWrong("This is not the code that was sent, or it was used, or it is too old.")
        else:
            try:
                accounts.add_address(account_id=account.id, kind=kind, address=spelled, now=now)
            except (AddressInUse, TooManyAddresses) as error:
                problem = error
            else:
                _tell(session, Notice.ADDRESS_ADDED, kind, spelled, before, now=now)
                record_act(session=session, operation="account.address_added", after={"kind": kind.value}, now=now)
    # Raised only now: that the code was tried or used is to be kept.
    if problem is not None:
        raise problem
    claim_orders(account_id=session.account_id, now=now)
    return Address(kind=kind, text=spelled, proved_at=now)


def remove_address(*, session: Session, kind: AddressKind, address: str, now: dt.datetime) -> None:
    """This function will remove an address and tell the owner, there too.

    Step-up: REMOVE_ADDRESS on `EMAIL:ada@example.com`. Raises StepUpRequired, AddressNotFound, LastWayIn, SmsInUse.
    """
    with acting(session=session, operation=Operation.REMOVE_ADDRESS, subject=f"{kind}:{address}", now=now) as account:
        before = accounts.read_addresses(account_id=account.id)
        if not accounts.remove_address(account_id=account.id, kind=kind, address=address):
            raise AddressNotFound("This account does not have this address.")
        keep_enough(account_id=account.id)
        _tell(session, Notice.ADDRESS_REMOVED, kind, address, before, now=now)


def _tell(
    session: Session, notice: Notice, kind: AddressKind, address: str, before: list[Address], *, now: dt.datetime
) -> None:
    facts = {"address": accounts.hidden(kind, address)}
    tell_owner(account_id=session.account_id, notice=notice, facts=facts, addresses=before, now=now)


def _purpose(session: Session) -> str:
    return f"add-address:{session.id}"
