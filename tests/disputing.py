"""Small makers of what tests of disputes begin with, and what they look at afterwards."""

from __future__ import annotations

import datetime as dt

from evertill.domains import disputes, incidents, ledger, orders, payments
from evertill.domains.ledger import Account, AccountKind
from evertill.domains.payments import Capability, DisputeStanding, DisputeTruth, Intent
from evertill.journeys.place_orders import Placed
from evertill.journeys.settle_disputes import settle_disputes
from evertill.kernel.money import Money
from tests import tables
from tests.builders import NOON
from tests.paying import placed_order, settle, start
from tests.twin import Twin

LATER = NOON + dt.timedelta(hours=2)
DUE = NOON + dt.timedelta(days=7)


def make_twin() -> Twin:
    """A provider that knows disputes."""
    return Twin(capabilities=Capability.PAGE | Capability.PARTIAL_REFUND | Capability.DISPUTES)


def paid(twin: Twin, sku: str = "TEA", *, amount: int | None = None) -> tuple[Placed, Intent]:
    """An order of 2.50, and the payment that bought it."""
    order = placed_order(sku)
    intent = start(order, key=f"pay for {sku}")
    twin.pay(intent, amount=amount)
    return order, settle(intent)


def tell(
    twin: Twin,
    intent: Intent,
    standing: str = "OPEN",
    *,
    name: str = "D1",
    amount: int = 250,
    currency: str = "GBP",
    fee: int = 0,
    due: dt.datetime | None = None,
) -> None:
    """The provider tells of a dispute from now on, instead of what it told of that one before."""
    truth = DisputeTruth(
        provider_id=name,
        standing=DisputeStanding(standing),
        amount=Money(amount=amount, currency=currency),
        fee=fee,
        reason="fraudulent",
        evidence_due_at=due,
    )
    others = [other for other in twin.disputed.get(intent.number, []) if other.provider_id != name]
    twin.disputed[intent.number] = [*others, truth]


def ask(intent: Intent, *, now: dt.datetime = LATER) -> list[str]:
    """Have the shop ask, and return the states of the payment's disputes."""
    return [dispute.state.value for dispute in settle_disputes(intent_id=intent.id, actor="webhook", now=now)]


def history(name: str = "twin:D1") -> list[tuple[object, ...]]:
    """State, actor and why of each move of a dispute."""
    dispute = disputes.find(name=name)
    assert dispute is not None
    return [row[2:5] for row in tables.rows("disputes_move") if row[0] == dispute.id]


def holds(order: Placed) -> list[tuple[str, str]]:
    """Reason and subject of what holds an order."""
    found = orders.find_holds(order_ids=[order.order.id])
    return [(hold.reason, hold.subject) for hold in found.get(order.order.id, [])]


def alerts() -> list[tuple[str, str]]:
    """Kind and subject of open alerts, in that order."""
    return sorted((alert.kind, alert.subject) for alert in incidents.read_open_alerts(limit=100))


def balances(*, provider: str = "twin", currency: str = "GBP") -> tuple[int, int, int]:
    """What the provider has for the shop, what disputes hold, and what was lost by them."""
    accounts = [
        Account(kind=AccountKind.PROVIDER_CLEARING, currency=currency, owner=provider),
        Account(kind=AccountKind.DISPUTES, currency=currency),
        Account(kind=AccountKind.DISPUTE_LOSSES, currency=currency),
    ]
    found = ledger.sum_entries(accounts=accounts)
    clearing, disputed, lost = (found[account] for account in accounts)
    return clearing, disputed, lost


def disputed(intent: Intent) -> int:
    return payments.read_intents(intent_ids=[intent.id])[intent.id].disputed
