"""Pay orders from prepaid balances: a batch of payments in one transaction, at once and for good, or not at all."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from evertill.domains import balances, fulfilment, ledger, orders, payments, stock
from evertill.domains.ledger import BalanceTooLow
from evertill.domains.payments import Intent, UnknownMethod
from evertill.journeys.ask_review import review_large
from evertill.journeys.guard_payment import OwnerNeeded, Payer, StepUpRequired, guard_payment
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.start_payment import OrderNotPayable, PaymentKeyReused, payment_key
from evertill.journeys.tell_customers import PaidOrder, ask_to_tell_paid
from evertill.journeys.view_order import OrderNotFound
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "BalanceBlocked",
    "BalanceTooLow",
    "BalanceUnknown",
    "BalanceWrongCurrency",
    "Intent",
    "Outcome",
    "Paid",
    "PayFromBalance",
    "UnknownMethod",
    "ask_to_pay",
    "pay_from_balance",
]

# How often a batch is tried whose keys or numbers somebody else happens to take at the same moment.
_TRIES_MAX = 3


class PayFromBalance(msgspec.Struct, frozen=True, kw_only=True):
    """A request to pay one order from one balance.

    `key_digest` stands for the caller, the order and his Idempotency-Key, `body_digest` for what he asked for under it.
    """

    key_digest: bytes
    body_digest: bytes
    order_id: int
    balance_id: int
    provider: str
    way: str
    actor: str
    payer: Payer | None = None


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was made: now, or earlier under the same key."""

    intent: payments.Intent
    is_repeat: bool = False


class BalanceUnknown(EvertillError):
    """The balance_token is missing, or is that of no balance of this shop."""

    code = "BALANCE_UNKNOWN"
    remedy = "Check the token that the shop gave out with the balance, or pay in another way."


class BalanceBlocked(EvertillError):
    """The balance was blocked, and nothing can be paid from it."""

    code = "BALANCE_BLOCKED"
    status = "conflict"
    kept = "What is on the balance stays there, and the order stays as it is."
    remedy = "Ask the shop, or pay in another way."


class BalanceWrongCurrency(EvertillError):
    """The balance is kept in another currency than the order's."""

    code = "BALANCE_WRONG_CURRENCY"
    status = "conflict"
    remedy = "Pay in another way."


Outcome = Paid | EvertillError


def ask_to_pay(
    *, order_id: int, method: str, balance_token: str | None, actor: str, key: bytes, payer: Payer | None = None
) -> PayFromBalance | None:
    """This function will make a request out of what a caller said; None for a method that has to be begun elsewhere.

    Raises UnknownMethod and BalanceUnknown.
    """
    provider, way = payments.choose(method)
    if payments.Capability.INSTANT not in provider.capabilities:
        return None
    balance_id = balances.opened_by(balance_token) if balance_token else None
    if balance_id is None:
        raise BalanceUnknown("This takes the balance_token of a balance of this shop.")
    return PayFromBalance(
        key_digest=payment_key(caller=actor, order_id=order_id, key=key),
        body_digest=crypto.fingerprint(method.encode(), balance_id.to_bytes(8, "big")),
        order_id=order_id,
        balance_id=balance_id,
        provider=provider.name,
        way=way,
        actor=actor,
        payer=payer,
    )


def pay_from_balance(
    asked: Sequence[PayFromBalance], *, now: dt.datetime, randbits: ids.RandomBits = secrets.randbits
) -> list[Outcome]:
    """This function will pay what can be paid, in its sequence, and answer each request in its place.

    When it returns, everything it answers is durable. Raises db.OutcomeUnknown or db.DatabaseUnavailable for the whole
    batch; sending the same keys again is always safe. A repeat that comes while the first is at work waits for it.
    """
    # Two equal keys inside one batch count as one; the one with another body is refused like any later one.
    first: dict[bytes, PayFromBalance] = {}
    for ask in asked:
        first.setdefault(ask.key_digest, ask)
    outcomes = _pay_under_free_keys(list(first.values()), now=now, randbits=randbits)
    return [
        outcomes[ask.key_digest] if ask.body_digest == first[ask.key_digest].body_digest else _key_reused()
        for ask in asked
    ]


def _pay_under_free_keys(
    asked: Sequence[PayFromBalance], *, now: dt.datetime, randbits: ids.RandomBits
) -> dict[bytes, Outcome]:
    for _ in range(_TRIES_MAX - 1):
        try:
            with db.write():
                return _pay_distinct(asked, now=now, randbits=randbits)
        except payments.KeyTaken:
            continue
    with db.write():
        return _pay_distinct(asked, now=now, randbits=randbits)


def _pay_distinct(
    asked: Sequence[PayFromBalance], *, now: dt.datetime, randbits: ids.RandomBits
) -> dict[bytes, Outcome]:
    order_ids = list({ask.order_id for ask in asked})
    # They are run in this order, each seeing what was committed before it. Every key is that of one order, so once the
    # order is locked, a key that is not known is free; only another way of paying may still use it, and KeyTaken says.
    with db.together():
        locking = orders.lock_due(order_ids=order_ids)
        looking_up = payments.find_by_keys(digests=[ask.key_digest for ask in asked])
        finding = balances.find(balance_ids=[ask.balance_id for ask in asked])
        counting = orders.find_pieces(order_ids=order_ids)
    due, known, accounts = locking.get(), looking_up.get(), finding.get()
    outcomes: dict[bytes, Outcome] = {}
    payable: list[_Payable] = []
    for ask in asked:
        if ask.key_digest in known:
            outcomes[ask.key_digest] = _repeat(known[ask.key_digest], ask)
            continue
        try:
            payable.append(_payable(ask, due.get(ask.order_id), accounts.get(ask.balance_id)))
        except EvertillError as refusal:
            outcomes[ask.key_digest] = refusal
    if payable:
        _pay(payable, counting.get(), outcomes, now=now, randbits=randbits)
    return outcomes


class _Payable(msgspec.Struct, frozen=True):
    """A request that nothing speaks against so far but what is on the balance, and others of the same batch."""

    ask: PayFromBalance
    amount: Money
    account: ledger.Account
    customer: str
    due: orders.Due


def _payable(ask: PayFromBalance, due: orders.Due | None, balance: balances.Balance | None) -> _Payable:
    if due is None:
        raise OrderNotFound("There is no order with this number.")
    if due.state is not orders.State.PLACED:
        raise _not_payable(due.state)
    if balance is None:
        raise BalanceUnknown("There is no such balance.")
    if balance.is_blocked:
        raise BalanceBlocked("This balance is blocked.")
    if balance.currency != due.currency:
        raise BalanceWrongCurrency(f"The order is in {due.currency}, the balance in {balance.currency}.")
    return _Payable(
        ask,
        Money(amount=due.total, currency=due.currency),
        ledger.Account(kind=ledger.AccountKind.CUSTOMER_BALANCE, currency=due.currency, owner=balance.number),
        balance.number,
        due,
    )


def _pay(
    payable: Sequence[_Payable],
    pieces: Mapping[int, Mapping[str, int]],
    outcomes: dict[bytes, Outcome],
    *,
    now: dt.datetime,
    randbits: ids.RandomBits,
) -> None:
    # Locks are taken in one order everywhere: orders (before this), stock in SKU order, balances by their numbers.
    with db.together():
        stock.hold_items(skus={sku for one in payable for sku in pieces[one.ask.order_id]})
        looking = ledger.lock_prepaid(accounts=[one.account for one in payable])
    served = _serve(payable, looking.get(), outcomes, now=now)
    if not served:
        return
    intents = [
        payments.NewIntent(
            id=intent_id,
            order_id=one.ask.order_id,
            provider=one.ask.provider,
            way=one.ask.way,
            expected=one.amount,
            key_digest=one.ask.key_digest,
            body_digest=one.ask.body_digest,
        )
        for one, intent_id in zip(served, ids.new_ids(len(served), now=now, randbits=randbits), strict=True)
    ]
    paid = [_captured(new, now=now) for new in intents]
    sales = [
        ledger.BalanceSale(
            reference=intent.number, order=ids.to_number(intent.order_id), customer=one.customer, amount=one.amount
        )
        for one, intent in zip(served, paid, strict=True)
    ]
    sold = [
        stock.Movement(sku=sku, kind=stock.MovementKind.SOLD, quantity=quantity, order_id=one.ask.order_id)
        for one in served
        for sku, quantity in pieces[one.ask.order_id].items()
    ]
    with payments.noticing_taken_keys(), db.together():
        payments.record_captured(new=intents, actors=[one.ask.actor for one in served], now=now)
        moving = [
            orders.ask_to_change_state(order_ids=order_ids, to=orders.State.PAID, actor=actor, now=now)
            for actor, order_ids in _by_actor(served).items()
        ]
        selling = stock.ask_to_move(movements=sold, now=now)
        ledger.record_sales(sales=sales, now=now)
        told = [PaidOrder(order_id=one.ask.order_id, customer=one.due, total=one.amount) for one in served]
        telling = ask_to_tell_paid(paid=told, now=now)
        owing = fulfilment.ask_to_note_due(
            owed=owed_by({one.ask.order_id: pieces[one.ask.order_id] for one in served}), now=now
        )
    # Their rows have been locked since before they were looked at, so that every order moves.
    assert sum(len(moved.get()) for moved in moving) == len(served)  # noqa: S101
    selling.get()
    telling.get()
    review_large(paid=[(one.ask.order_id, one.amount.amount) for one in served], now=now)
    owing.get()
    for one, intent in zip(served, paid, strict=True):
        outcomes[one.ask.key_digest] = Paid(intent=intent)


def _serve(
    payable: Iterable[_Payable],
    balance_of: Mapping[ledger.Account, int],
    outcomes: dict[bytes, Outcome],
    *,
    now: dt.datetime,
) -> list[_Payable]:
    """Return those that are paid: first come, first served. One that its balance does not cover takes nothing."""
    # What is prepaid stands in the ledger below zero.
    left = {account: -standing for account, standing in balance_of.items()}
    served: dict[int, _Payable] = {}
    for one in payable:
        if one.ask.order_id in served:
            outcomes[one.ask.key_digest] = _not_payable(orders.State.PAID)
        elif left[one.account] < one.amount.amount:
            outcomes[one.ask.key_digest] = BalanceTooLow("The prepaid balance does not cover this.")
        elif refusal := _guarded(one, now=now):
            outcomes[one.ask.key_digest] = refusal
        else:
            left[one.account] -= one.amount.amount
            served[one.ask.order_id] = one
    return list(served.values())


def _guarded(one: _Payable, *, now: dt.datetime) -> EvertillError | None:
    """Return why whoever asks may not pay this; his leave is used up only by what is paid."""
    try:
        guard_payment(
            order_id=one.ask.order_id,
            account_id=one.due.account_id,
            total=one.due.total,
            actor=one.ask.actor,
            payer=one.ask.payer,
            now=now,
        )
    except (OwnerNeeded, StepUpRequired) as refusal:
        return refusal
    return None


def _by_actor(served: Sequence[_Payable]) -> dict[str, list[int]]:
    by_actor: dict[str, list[int]] = {}
    for one in served:
        by_actor.setdefault(one.ask.actor, []).append(one.ask.order_id)
    return by_actor


def _captured(new: payments.NewIntent, *, now: dt.datetime) -> payments.Intent:
    return payments.Intent(
        id=new.id,
        number=ids.to_number(new.id),
        order_id=new.order_id,
        provider=new.provider,
        way=new.way,
        state=payments.State.CAPTURED,
        expected=new.expected,
        captured=new.expected,
        refunded=0,
        disputed=0,
        ending=payments.Ending.MATCHED,
        provider_id="",
        reason="",
        next=None,
        created_at=now,
        body_digest=new.body_digest,
    )


def _repeat(known: payments.Intent, ask: PayFromBalance) -> Outcome:
    if known.body_digest != ask.body_digest:
        return _key_reused()
    return Paid(intent=known, is_repeat=True)


def _not_payable(state: orders.State) -> OrderNotPayable:
    return OrderNotPayable(f"This order is {state.value} and does not wait for money.")


def _key_reused() -> PaymentKeyReused:
    return PaymentKeyReused("This Idempotency-Key was used for another payment.")
