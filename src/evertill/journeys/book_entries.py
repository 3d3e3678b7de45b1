"""Book entries: money that moves goes into the ledger in the transaction that moves it, or nothing moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains import ledger


def post(entries: Sequence[ledger.Transaction], *, now: dt.datetime) -> None:
    """This function will record transactions, and raise the first refusal, so that the caller's transaction ends."""
    for outcome in ledger.post(transactions=entries, now=now):
        if not isinstance(outcome, ledger.Posted):
            raise outcome
