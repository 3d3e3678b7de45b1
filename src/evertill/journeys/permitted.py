"""Permitted: the one way in which staff do something. Who may not is refused, and the refusal is on record.

A journey does its work inside `permitted`, which opens the transaction, reads there what the person may at this moment,
and writes down what was refused. One that shows staff what is personal does so inside `looking`, which writes down the
look as well. `approved` uses up another person's approval where one is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from evertill.domains import access, approvals, orders, trail
from evertill.domains.access import Holder, Objection, Permission, Thing
from evertill.domains.identity import Session
from evertill.domains.trail import Actor, ActorKind, Outcome, Subject
from evertill.journeys.record_act import actor_of
from evertill.kernel import db, ids
from evertill.kernel.errors import EvertillError

# What the columns hold that say who did something; the trail has all of it.
_NAME_CHARS = 64


class Forbidden(EvertillError):
    """Somebody may not do this. That he tried is on record."""

    code = "FORBIDDEN"
    status = "forbidden"
    remedy = "Ask somebody who may, or an administrator for the role that it needs."

    def __init__(self, objection: Objection, *, permission: Permission) -> None:
        super().__init__(objection.value, objection=objection.name, permission=permission.value)
        self.objection = objection


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for something: the operator of the machine, or an account, whose roles are read when it matters."""

    actor: Actor

    @property
    def name(self) -> str:
        """How grants, approvals and whatever else says who did something name him."""
        return f"{self.actor.kind.value}:{self.actor.id}"[:_NAME_CHARS]

    @property
    def account_id(self) -> int | None:
        return int(self.actor.id) if self.actor.kind in (ActorKind.STAFF, ActorKind.CUSTOMER) else None

    def read_holder(self) -> Holder:
        """This function will return what he may at this moment."""
        if self.account_id is not None:
            return access.read_holder(account_id=self.account_id)
        return access.operator() if self.actor.kind is ActorKind.OPERATOR else access.guest(opens=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody would do that another person has to approve, to the letter.

    `touched` are the accounts that it is about, `at_stake` what they would get or lose.
    """

    permission: Permission
    subject: Subject
    content: Mapping[str, Any]
    touched: Collection[int] = ()
    at_stake: frozenset[Permission] = frozenset()

    @property
    def named(self) -> str:
        return f"{self.subject.kind}:{self.subject.id}"

    @property
    def bound(self) -> Mapping[str, Any]:
        return {"content": self.content, "touched": sorted(self.touched), "at_stake": sorted(self.at_stake)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody's look at what is personal: what he may, and what of it goes on record besides whose it was."""

    holder: Holder
    noted: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: object) -> None:
        """This function will have plain facts stand in the record: how many were found, which numbers; no contents."""
        self.noted.update(facts)


def asker_of(session: Session) -> Asker:
    """This function will return who asks in a session of somebody who is signed in."""
    return Asker(actor=actor_of(session))


@contextmanager
def permitted(
    *, asker: Asker, permission: Permission, subject: Subject, thing: Thing | None = None, now: dt.datetime
) -> Iterator[Holder]:
    """One transaction in which somebody does what he may; raises Forbidden, and records that, when he may not.

    The block may raise Forbidden too, when it finds out more; then nothing of it is done but the record.
    """
    with recording_refusals(asker=asker, subject=subject, now=now), db.write():
        yield check_permitted(asker=asker, permission=permission, thing=thing)


@contextmanager
def looking(
    *,
    asker: Asker,
    permission: Permission,
    subject: Subject,
    thing: Thing | None = None,
    why: str = "",
    now: dt.datetime,
) -> Iterator[Look]:
    """One transaction in which somebody looks at personal data of others, and its record; raises Forbidden as above.

    Nothing is shown that is not on record: the block returns what it read, and the record is kept before anybody sees
    it. When the block raises, for instance because there is no such thing, nothing was seen and none is written.
    """
    with permitted(asker=asker, permission=permission, subject=subject, thing=thing, now=now) as holder:
        look = Look(holder=holder)
        yield look
        # Last, so that nobody else's record waits for what is read in between.
        trail.write(
            actor=asker.actor,
            operation=permission.value,
            subject=subject,
            after=look.noted or None,
            why=why,
            now=now,
        )


@contextmanager
def recording_refusals(*, asker: Asker, subject: Subject, now: dt.datetime) -> Iterator[None]:
    """The block opens its own transaction; when it raises Forbidden, that is recorded after it has ended."""
    try:
        yield
    except Forbidden as refused:
        with db.write():
            trail.write(
                actor=asker.actor,
                operation=refused.facts["permission"],
                subject=subject,
                why=refused.detail,
                outcome=Outcome.REFUSED,
                now=now,
            )
        raise


def check_permitted(*, asker: Asker, permission: Permission, thing: Thing | None = None) -> Holder:
    """This function will return what somebody may, read in the caller's transaction; raises Forbidden without this."""
    holder = asker.read_holder()
    if not access.may(holder, permission, thing):
        # He may do it to others' things, or to none at all.
        is_his = thing is not None and access.may(holder, permission)
        raise Forbidden(Objection.SELF if is_his else Objection.NOT_ALLOWED, permission=permission)
    return holder


def buyers_of(order_id: int) -> tuple[int, ...]:
    """This function will return the account whose order it is, for whoever approves something about it: not its own."""
    owner = orders.read_owner(order_id=order_id)
    return () if owner is None else (owner,)


def order_thing(order_id: int) -> Thing:
    """This function will return an order as something that has an owner; nobody has a power as staff over his own."""
    return Thing(kind="order", id=ids.to_number(order_id), owner=orders.read_owner(order_id=order_id))


def approved(*, asker: Asker, wish: Wish, now: dt.datetime) -> str:
    """This function will use up the approval of exactly this, in the operation's transaction, and say who gave it.

    Whoever gave it must be able to give it still. The operator of the machine needs none, who could write into the
    database as well; then it is "". Raises ApprovalRequired.
    """
    if asker.account_id is None:
        return ""
    approval = approvals.spend(
        operation=wish.permission.value,
        subject=wish.named,
        content=wish.bound,
        asked_by=asker.name,
        now=now,
    )
    kind, _, account = approval.decided_by.partition(":")
    if kind == ActorKind.STAFF.value:
        objection = access.objection_to_approve(
            approver=access.read_holder(account_id=int(account)),
            permission=wish.permission,
            asked_by=asker.account_id,
            touched=wish.touched,
            at_stake=wish.at_stake,
        )
        if objection is not None:
            raise approvals.ApprovalRequired("Who approved this may not do so any more.")
    return approval.decided_by
