"""Book what only a bill can tell us: what was paid to the bank, and the fees of providers that name them nowhere else.

It is booked before the bill is compared with the books, in transactions of their own that are short: whoever posts to
the ledger holds balances that live payments need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from evertill.domains import ledger, payments, reconciliation
from evertill.domains.reconciliation import About, Subject, Sums
from evertill.journeys.book_entries import post
from evertill.journeys.booked_subjects import read_ours
from evertill.kernel import config, db
from evertill.kernel.money import Money

# What the ledger takes as a name.
_REFERENCE_CHARS = 128


def book_billed(*, provider: payments.Provider, run_id: int, lines: int, now: dt.datetime) -> None:
    """This function will book from the `lines` lines of a run what our books cannot know otherwise, each once."""
    abouts = [About.PAYOUT]
    if payments.Capability.BILLED_FEES in provider.capabilities:
        abouts.append(About.FEE)
    size = config.get().bill_batch_max
    for after in range(0, lines, size):
        with db.write():
            told = reconciliation.read_part(run_id=run_id, after=after, size=size, abouts=abouts)
            known = read_ours(list(told), provider=provider.name) if told else {}
            new = {subject: sums for subject, sums in told.items() if subject not in known}
            entries = list(_entries(new, provider=provider.name))
            if entries:
                post(entries, now=now)


def _entries(told: dict[Subject, Sums], *, provider: str) -> Iterator[ledger.Transaction]:
    for subject, sums in told.items():
        ((currency, amount), *more) = sums.amounts.items()
        if more or not amount or not _is_reference(subject.name):
            # The comparison tells of what has more than one meaning, or none.
            continue
        money = Money(amount=abs(amount), currency=currency)
        if subject.about is About.PAYOUT and amount < 0:
            yield ledger.standard.payout(reference=subject.name, provider=provider, amount=money)
        elif subject.about is About.FEE and sums.payment:
            book = ledger.standard.fee if amount < 0 else ledger.standard.fee_returned
            yield book(reference=subject.name, provider=provider, amount=money)


def _is_reference(name: str) -> bool:
    return name.isascii() and " " not in name and len(name) <= _REFERENCE_CHARS
