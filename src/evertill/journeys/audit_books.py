"""Audit the books: everything that must add up, added up again from its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from evertill.domains import (
    claims,
    disputes,
    fulfilment,
    ledger,
    orders,
    payments,
    reconciliation,
    reviews,
    stock,
    submissions,
)
from evertill.journeys.anchor_journal import Noted, find_moved
from evertill.journeys.audit_receipts import find_altered_events, find_altered_orders, find_chain_faults
from evertill.kernel import db, ids
from evertill.kernel.money import Money

# Orders that one look into their lines is for, and SKUs that are sold by codes.
_PART, _POOLS_MAX = 1_000, 10_000


class Check(StrEnum):
    """What is compared with what."""

    BALANCES = "every balance is the sum of its movements"
    OVERSOLD = "nothing is promised beyond what there is"
    TOTALS = "every order has lines and is their sum"
    HISTORIES = "every order's events tell how it came to its state"
    RESERVATIONS = "every piece an order holds is reserved for it, and no other"
    TRANSACTIONS = "every transaction of the ledger sums to zero"
    ACCOUNTS = "every running balance of the ledger is the sum of its entries"
    PREPAID = "nobody has spent more than was prepaid"
    PAYMENTS = "every payment's moves tell how it came to its state"
    CAPTURES = "every capture stands in the ledger, and no other"
    BOUGHT = "every paid order has the money of one payment, and no other order has"
    REFUNDS = "every payment's refunds are its own, and within what it captured"
    RETURNED = "every refund stands in the ledger, and no other"
    PIECES = "every line's returned pieces are those of its refunds"
    RESTOCKED = "every piece that refunds put back on sale came back, and no other"
    BILLS = "every bill has the lines and differences that were counted"
    DISPUTES = "every dispute's moves tell how it came to its state"
    DISPUTED = "every dispute stands in the ledger as it began and ended, and no other"
    HELD_BACK = "what counts as disputed of every payment is what its disputes hold"
    SUBMISSIONS = "every failed checkout that was finished has the order of its key"
    REVIEWS = "every review's moves tell how it came to its state, and what is not approved holds its order"
    CODES = "every code was given to one piece that was bought, and every piece on sale or owed has a code"
    COMPENSATED = "every compensation is what a rule allows, and was paid as it says, and no other"
    RECEIPTS = "every order is what its receipt says, and every receipt has its order"
    JOURNAL = "everything that became of an order is as it was journalled"
    CHAIN = "what was acknowledged and journalled is chained, and signed by the shop"
    HOLDS = "every dispute that is open, or lost with the order's money, holds its order, and no other"
    ANCHORED = "the chain is the one whose newest seals were noted elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not add up: the check that found it; the SKU, order, account or transaction; and how."""

    check: Check
    subject: str
    detail: str


def audit_books(*, tell: Callable[[Check], None] = lambda _check: None, noted: Sequence[Noted] = ()) -> list[Finding]:
    """This function will compare everything that must add up, as of one moment, and return every difference.

    `noted` is what stands elsewhere of the journal's seals. `tell` is called before each check. A sound shop gives an
    empty list, at any moment and under any load.
    """
    findings: list[Finding] = []
    checks: Mapping[Check, Callable[[], _Found]] = {**_CHECKS, Check.ANCHORED: lambda: find_moved(noted=noted)}
    with db.snapshot():
        for check, find in checks.items():
            tell(check)
            findings += [Finding(check=check, subject=subject, detail=detail) for subject, detail in find()]
    return findings


# The subject of a finding and what is wrong with it.
_Found = Iterator[tuple[str, str]]


def _balances() -> _Found:
    for wrong in stock.find_differences():
        on_hand = f"on hand {wrong.on_hand}, by movements {wrong.on_hand_by_movements}"
        yield wrong.sku, f"{on_hand}; reserved {wrong.reserved}, by movements {wrong.reserved_by_movements}"


def _oversold() -> _Found:
    for item in stock.find_oversold():
        yield item.sku, f"on hand {item.on_hand}, reserved {item.reserved}"


def _totals() -> _Found:
    for wrong in orders.find_total_differences():
        yield ids.to_number(wrong.order_id), f"total {wrong.total}, by its lines {wrong.total_of_lines}"


def _histories() -> _Found:
    for wrong in orders.find_history_differences():
        yield ids.to_number(wrong.order_id), f"state {wrong.state}, last event {wrong.last_event}"


def _reservations() -> _Found:
    # Both sides come in the same order, so that millions of them are compared without being kept.
    for (order_id, sku), held, reserved in _side_by_side(orders.stream_pieces_held(), stock.stream_pieces_held()):
        if held != reserved:
            yield ids.to_number(order_id), f"holds {held} of {sku}, reserved for it {reserved}"


def _transactions() -> _Found:
    for wrong in ledger.find_unbalanced():
        yield f"{wrong.kind} {wrong.reference}", f"{wrong.postings} postings that sum to {wrong.total}"


def _accounts() -> _Found:
    for wrong in ledger.find_differences():
        yield f"{wrong.account} {wrong.currency}", f"balance {wrong.balance}, by entries {wrong.by_entries}"


def _prepaid() -> _Found:
    for customer in ledger.find_overdrawn():
        yield f"{customer.account} {customer.currency}", f"prepaid balance {customer.balance}"


def _payments() -> _Found:
    for wrong in payments.find_history_differences():
        yield ids.to_number(wrong.intent_id), f"state {wrong.state}, last move {wrong.last_move}"


def _captures() -> _Found:
    told = ((ids.to_number(paid.intent_id), paid.captured) for paid in payments.stream_captured())
    yield from _unequal(told, ledger.stream_captures(), left="captured", right="in the ledger")


def _bought() -> _Found:
    for order_id, detail in _unequal(
        orders.stream_paid(), payments.stream_bought(), left="paid", right="by its payment"
    ):
        yield ids.to_number(order_id), detail


def _refunds() -> _Found:
    for wrong in payments.find_refund_differences():
        detail = f"captured {wrong.captured}, refunded {wrong.refunded}, by refunds {wrong.by_refunds}"
        yield ids.to_number(wrong.intent_id), detail


def _returned() -> _Found:
    told = ((ids.to_number(refund_id), amount) for refund_id, amount in payments.stream_refunded())
    yield from _unequal(told, ledger.stream_refunds(), left="given back", right="in the ledger")


def _pieces() -> _Found:
    for wrong in orders.find_return_differences():
        line = f"{ids.to_number(wrong.order_id)} line {wrong.position}"
        yield line, f"returned {wrong.returned}, by refunds {wrong.by_returns}"


def _restocked() -> _Found:
    told = _side_by_side(orders.stream_pieces_restocked(), stock.stream_pieces_returned())
    for (order_id, sku), put_back, came_back in told:
        if put_back != came_back:
            yield ids.to_number(order_id), f"put back {put_back} of {sku}, came back {came_back}"


def _bills() -> _Found:
    for wrong in reconciliation.find_count_differences():
        lines = f"{wrong.lines} lines counted, {wrong.lines_there} there"
        detail = f"{lines}; {wrong.differences} differences counted, {wrong.differences_there} there"
        yield f"{wrong.provider} {wrong.date}", detail


def _disputes() -> _Found:
    for wrong in disputes.find_history_differences():
        yield ids.to_number(wrong.dispute_id), f"state {wrong.state}, last move {wrong.last_move}"


def _disputed() -> _Found:
    told = ((f"{name} DISPUTE_{state.value}", amount) for name, state, amount in disputes.stream_booked())
    yield from _unequal(told, ledger.stream_disputes(), left="disputed", right="in the ledger")


def _held_back() -> _Found:
    # Disputes are few, so that they can be kept in memory.
    by_payment = disputes.read_held()
    intents = payments.read_intents(intent_ids=by_payment)
    told = {
        intent_id: disputes.held(by_payment[intent_id], captured=intent.captured)
        for intent_id, intent in intents.items()
        if intent.captured is not None
    }
    counted = dict(payments.stream_disputed())
    for intent_id in sorted(told.keys() | counted.keys()):
        here, there = counted.get(intent_id, 0), told.get(intent_id, 0)
        if here != there:
            yield ids.to_number(intent_id), f"disputed {here}, by its disputes {there}"


def _submissions() -> _Found:
    # They are few, and gone after some weeks.
    placed = list(submissions.stream_placed())
    known = orders.find_by_keys(digests=[key for _, key, _ in placed]).get()
    for id_, key, order_id in placed:
        if key not in known:
            yield ids.to_number(id_), f"finished as {ids.to_number(order_id)}, and its key has no order"
        elif known[key].order.id != order_id:
            there = ids.to_number(known[key].order.id)
            yield ids.to_number(id_), f"finished as {ids.to_number(order_id)}, its key has {there}"


def _reviews() -> _Found:
    for review_id, state, last in reviews.find_history_differences():
        yield ids.to_number(review_id), f"state {state}, last move {last}"
    holding = {(order_id, f"review:{ids.to_number(review_id)}") for order_id, review_id in reviews.stream_holding()}
    held = set(orders.stream_review_holds())
    for order_id, subject in sorted(holding ^ held):
        wrong = "does not hold it" if (order_id, subject) in holding else "holds it, and should not"
        yield ids.to_number(order_id), f"{subject} {wrong}"


def _codes() -> _Found:
    for wrong in fulfilment.find_differences():
        yield wrong.subject, wrong.detail
    for part in _parts(fulfilment.stream_given()):
        known = orders.read_lines(order_ids=list({order_id for order_id, _, _ in part}))
        for order_id, sku, given in part:
            bought = orders.pieces_by_sku(known.get(order_id, ())).get(sku, 0)
            if given > bought:
                yield ids.to_number(order_id), f"bought {bought} of {sku}, was given {given} codes"
    pools = fulfilment.list_pools(limit=_POOLS_MAX)
    items = stock.read_items(skus=[pool.sku for pool in pools])
    for pool in pools:
        on_hand = items[pool.sku].on_hand if pool.sku in items else 0
        if pool.free < on_hand + pool.owed:
            yield pool.sku, f"on sale {on_hand}, owed {pool.owed}, free codes {pool.free}"


def _parts(rows: Iterator[tuple[int, str, int]]) -> Iterator[list[tuple[int, str, int]]]:
    while part := list(islice(rows, _PART)):
        yield part


def _holds() -> _Found:
    holding, held = set(disputes.stream_holding()), set(orders.stream_disputed_holds())
    for order_id, name, is_lost in sorted(holding ^ held):
        why = "is lost" if is_lost else "is open"
        wrong = "which does not hold it" if (order_id, name, is_lost) in holding else "which cannot be"
        yield ids.to_number(order_id), f"{name} {why}, {wrong}"


def _compensated() -> _Found:
    # They are few: each took somebody's decision.
    given = list(claims.queries.stream_awards())
    paid = iter([(award.number, award.amount) for award in given if award.way is claims.Way.BALANCE])
    yield from _unequal(paid, ledger.stream_compensations(), left="given", right="in the ledger")
    refunds = payments.read_refunds(refund_ids=[award.target_id for award in given if award.way is claims.Way.REFUND])
    policies = {version: claims.queries.read_policy(version=version) for version in {award.version for award in given}}
    for award in given:
        if award.way is claims.Way.REFUND:
            refund = refunds.get(award.target_id)
            if refund is None or refund.amount != award.amount.amount:
                yield award.number, f"given {award.amount}, refunded {refund.amount if refund else 'nothing'}"
        rules = policies[award.version].rules
        rule = rules[award.rule] if award.rule < len(rules) else None
        if rule is None or rule.about is not award.about or award.amount.amount > rule.order_max:
            yield (
                award.number,
                f"given {award.amount}, which rule {award.rule} of policy {award.version} does not allow",
            )


_Name = TypeVar("_Name", str, int)


def _unequal(
    a: Iterator[tuple[_Name, Money]], b: Iterator[tuple[_Name, Money]], *, left: str, right: str
) -> Iterator[tuple[_Name, str]]:
    """Give every name of which the two sides, both in the order of names, do not tell the same amount once."""
    one, other = next(a, None), next(b, None)
    while one is not None or other is not None:
        # Nearly all of millions are equal.
        if one == other:
            one, other = next(a, None), next(b, None)
            continue
        name = min(side[0] for side in (one, other) if side is not None)
        here = there = None
        if one is not None and one[0] == name:
            here, one = one[1], next(a, None)
        if other is not None and other[0] == name:
            there, other = other[1], next(b, None)
        if here != there:
            yield name, f"{left} {here or 'nothing'}, {right} {there or 'nothing'}"


_Held = Iterator[tuple[int, str, int]]


def _side_by_side(left: _Held, right: _Held) -> Iterator[tuple[tuple[int, str], int, int]]:
    """Give each (order, SKU) that either side names, with the pieces on both sides; 0 where a side does not name it."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        key = min(row[:2] for row in (a, b) if row is not None)
        pieces_left = pieces_right = 0
        if a is not None and a[:2] == key:
            pieces_left, a = a[2], next(left, None)
        if b is not None and b[:2] == key:
            pieces_right, b = b[2], next(right, None)
        yield key, pieces_left, pieces_right


_CHECKS: dict[Check, Callable[[], _Found]] = {
    Check.BALANCES: _balances,
    Check.OVERSOLD: _oversold,
    Check.TOTALS: _totals,
    Check.HISTORIES: _histories,
    Check.RESERVATIONS: _reservations,
    Check.TRANSACTIONS: _transactions,
    Check.ACCOUNTS: _accounts,
    Check.PREPAID: _prepaid,
    Check.PAYMENTS: _payments,
    Check.CAPTURES: _captures,
    Check.BOUGHT: _bought,
    Check.REFUNDS: _refunds,
    Check.RETURNED: _returned,
    Check.PIECES: _pieces,
    Check.RESTOCKED: _restocked,
    Check.BILLS: _bills,
    Check.DISPUTES: _disputes,
    Check.DISPUTED: _disputed,
    Check.HELD_BACK: _held_back,
    Check.SUBMISSIONS: _submissions,
    Check.REVIEWS: _reviews,
    Check.CODES: _codes,
    Check.COMPENSATED: _compensated,
    Check.RECEIPTS: find_altered_orders,
    Check.JOURNAL: find_altered_events,
    Check.CHAIN: find_chain_faults,
    Check.HOLDS: _holds,
}
