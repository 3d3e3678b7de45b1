"""View a reconciliation: what a day's bill and our books do not agree on, each with the ending that is suggested."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import payments, reconciliation
from evertill.domains.reconciliation import About, Difference, Ending, Kind, Run, Standing
from evertill.journeys.read_bill import is_unnamed
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "About",
    "Difference",
    "Ending",
    "Kind",
    "NotReconciled",
    "Report",
    "Shown",
    "suggest",
    "view_reconciliation",
]


class NotReconciled(EvertillError):
    """The bill of this day was never fetched."""

    code = "NOT_RECONCILED"
    status = "not_found"
    remedy = "Fetch it with `evertill reconcile DATE --provider PROVIDER`."


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An open difference, and the ending that is suggested for it."""

    difference: Difference
    ending: Ending


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a bill came to, how many differences are open by kind, and the first of them."""

    run: Run
    open: Mapping[Kind, int]
    shown: Sequence[Shown]


def view_reconciliation(*, provider: str, date: dt.date, limit: int) -> Report:
    """This function will return how a day stands, with up to `limit` open differences; raises NotReconciled."""
    run = reconciliation.read_runs(provider=provider, first=date, last=date).get(date)
    if run is None:
        raise NotReconciled(f"There is no bill of '{provider[:32]}' for {date} here.")
    differences = reconciliation.read_differences(provider=provider, date=date, limit=limit)
    endings = suggest(differences)
    shown = [Shown(difference=one, ending=ending) for one, ending in zip(differences, endings, strict=True)]
    return Report(run=run, open=reconciliation.count_open(provider=provider, date=date), shown=shown)


def suggest(differences: Sequence[Difference]) -> list[Ending]:
    """This function will return the ending that is suggested for each difference, in the same sequence."""
    numbered = {one.payment: ids.from_number(one.payment) for one in differences if _is_number(one.payment)}
    known = payments.read_intents(intent_ids=set(numbered.values()))
    found = [known.get(numbered.get(one.payment, -1)) for one in differences]
    disputes = {one.subject.name for one in differences if one.subject.about is About.DISPUTE}
    return [
        # What a provider charges for a dispute is booked with the dispute.
        _suggest(one, intent, about=About.DISPUTE if one.subject.name in disputes else one.subject.about)
        for one, intent in zip(differences, found, strict=True)
    ]


def _suggest(difference: Difference, intent: payments.Intent | None, *, about: About) -> Ending:
    theirs, captured = difference.theirs, intent.captured if intent else None
    if intent is None or intent.provider != difference.provider:
        standing = Standing.NONE if is_unnamed(difference.subject) else Standing.FOREIGN
    else:
        standing = Standing.UNPAID if captured is None else Standing.CAPTURED
    left = intent.left if intent else 0
    is_covered = (
        theirs is not None
        and captured is not None
        and theirs.currency == captured.currency
        and 0 < -theirs.amount <= left
    )
    return reconciliation.suggest(kind=difference.kind, about=about, standing=standing, is_covered=is_covered)


def _is_number(text: str) -> bool:
    try:
        ids.from_number(text)
    except ids.InvalidNumber:
        return False
    return True
