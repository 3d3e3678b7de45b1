"""Kept money: what a backup has of an order's payments and refunds, and what of it can be taken over.

What is final in a backup is a provider's word already: money that was captured, a refund that succeeded. That can be
in the books again as it was. What was still under way is not known from there, and is asked, or looked up by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from evertill.domains import orders, payments
from evertill.kernel import ids
from evertill.kernel.money import Money
from evertill.kernel.said import Said

__all__ = ["KeptPayment", "KeptRefund", "find_by_hand", "find_obstacles", "is_final"]

_ENDED = (orders.State.CANCELLED, orders.State.EXPIRED)
# The money bought the order, to the penny.
_EVEN = (payments.Ending.MATCHED, payments.Ending.LATE)


class KeptRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as a backup has it, with the goods that it gave back."""

    id: int
    kind: payments.RefundKind
    state: payments.RefundState
    amount: int
    reason: str
    actor: str
    provider_id: str
    key_digest: bytes
    body_digest: bytes | None = None
    given: orders.Return | None = None

    @property
    def is_done(self) -> bool:
        """Whether the money has gone back."""
        return self.state is payments.RefundState.SUCCEEDED


class KeptPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as a backup has it, with the digests that make repeating its request harmless.

    `payer` is the number of the prepaid balance that paid, `fee` what the provider kept, in minor units.
    """

    id: int
    provider: str
    way: str
    expected: Money
    key_digest: bytes
    body_digest: bytes
    state: payments.State = payments.State.CREATED
    captured: Money | None = None
    ending: payments.Ending | None = None
    provider_id: str = ""
    fee: int = 0
    payer: str = ""
    refunds: tuple[KeptRefund, ...] = ()

    @property
    def number(self) -> str:
        """Its id as people and the provider see it."""
        return ids.to_number(self.id)

    @property
    def gone(self) -> Money:
        """What of it has gone back."""
        currency = (self.captured or self.expected).currency
        return Money(amount=sum(one.amount for one in self.refunds if one.is_done), currency=currency)


def is_final(one: KeptPayment) -> bool:
    """This function will say whether a payment is taken as the backup has it, and not asked about.

    That is what a balance paid, which nobody else could tell of, and what something was given back of already.
    """
    is_captured = one.state is payments.State.CAPTURED
    return is_captured and (bool(one.payer) or any(refund.is_done for refund in one.refunds))


def find_obstacles(*, state: orders.State, total: Money, kept: Sequence[KeptPayment]) -> tuple[Said, ...]:
    """This function will say why an order cannot be taken over, with its amounts and what to do; nothing when it can.

    It can when no money came, or when one payment of exactly its total bought it, whatever of that has gone back.
    """
    came = [one for one in kept if one.state is payments.State.CAPTURED]
    bought = [one for one in came if one.ending in _EVEN and one.captured == total]
    is_even = len(came) == len(bought) == 1 and state not in _ENDED
    if not came or (is_even and all(one.kind is payments.RefundKind.SALE for one in bought[0].refunds)):
        return ()
    return tuple(_told(one, state=state) for one in came)


def _told(one: KeptPayment, *, state: orders.State) -> Said:
    captured, gone = one.captured or one.expected, one.gone
    left = Money(amount=captured.amount - gone.amount, currency=captured.currency)
    return Said(
        text=(
            f"The order was {state.value}; of its payment {one.number} by {one.provider}, {captured} had come and"
            f" {gone} had gone back. Look this payment up at {one.provider}: {left} is the customer's, or the goods"
            " are."
        ),
        code="BY_HAND_UNEVEN",
        values={
            "state": state.value,
            "payment": one.number,
            "provider": one.provider,
            "captured": str(captured),
            "gone": str(gone),
            "left": str(left),
        },
    )


def find_by_hand(*, kept: Sequence[KeptPayment]) -> tuple[Said, ...]:
    """This function will say, with amounts, what people have to do besides: about refunds that were under way."""
    return tuple(_waiting(kept))


def _waiting(kept: Sequence[KeptPayment]) -> Iterator[Said]:
    for one in kept:
        for refund in one.refunds:
            if refund.state is payments.RefundState.REQUESTED:
                amount = Money(amount=refund.amount, currency=(one.captured or one.expected).currency)
                number = ids.to_number(refund.id)
                yield Said(
                    text=(
                        f"A refund of {amount} ({number}: {refund.reason}) was under way, and the backup does not know"
                        f" whether {one.provider} sent it. Look it up there; if it was not sent, refund {amount} of"
                        " this order."
                    ),
                    code="BY_HAND_REFUND",
                    values={
                        "amount": str(amount),
                        "refund": number,
                        "reason": refund.reason,
                        "provider": one.provider,
                    },
                )
