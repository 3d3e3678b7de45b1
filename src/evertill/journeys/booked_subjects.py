"""What our books say of the subjects of a bill, by the names that the ledger has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evertill.domains import ledger, reconciliation
from evertill.domains.reconciliation import About, Subject

# What the ledger calls what a bill tells of; the reference is the subject's name.
BOOKED_AS: Mapping[About, Sequence[ledger.Kind]] = {
    About.CAPTURE: (ledger.Kind.CAPTURE, ledger.Kind.TOP_UP),
    About.FEE: (ledger.Kind.FEE,),
    About.REFUND: (ledger.Kind.REFUND, ledger.Kind.LATE_REFUND),
    About.DISPUTE: (ledger.Kind.DISPUTE_OPENED,),
    About.DISPUTE_WON: (ledger.Kind.DISPUTE_WON,),
    About.PAYOUT: (ledger.Kind.PAYOUT,),
}
ABOUT = {kind: about for about, kinds in BOOKED_AS.items() for kind in kinds}

# By subject, minor units by currency.
Amounts = dict[Subject, dict[str, int]]


def read_ours(subjects: Sequence[Subject], *, provider: str) -> Amounts:
    """This function will return what the ledger recorded of subjects, and what corrections added to it."""
    names = [(kind, subject.name) for subject in subjects for kind in BOOKED_AS[subject.about]]
    ours: Amounts = {}
    for entry in ledger.find_cleared(provider=provider, names=names):
        subject = Subject(ABOUT[entry.kind], entry.reference)
        add(ours.setdefault(subject, {}), {entry.amount.currency: entry.amount.amount})
    for subject, added in reconciliation.read_booked(subjects=subjects, provider=provider).items():
        add(ours.setdefault(subject, {}), added)
    return ours


def add(amounts: dict[str, int], more: Mapping[str, int]) -> None:
    """This function will add amounts by currency to others."""
    for currency, amount in more.items():
        amounts[currency] = amounts.get(currency, 0) + amount
