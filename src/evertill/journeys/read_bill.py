"""Read a bill: fetched from its provider page by page, named as our books name things, and kept as it came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evertill.domains import payments, reconciliation
from evertill.domains.payments import BillLine
from evertill.domains.reconciliation import About, Line, Subject
from evertill.journeys.compare_bill import chunks
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX, is_currency

_TEXT_CHARS = 128
# Before what tells lines apart that name no payment: their own names, or else their moments.
_UNNAMED = "unnamed:"


class BillUnavailable(EvertillError):
    """The provider's bill could not be fetched whole."""

    code = "BILL_UNAVAILABLE"
    status = "unavailable"
    remedy = "Try again later; the timetable does so every hour of the day after."


def read_bill(*, provider: payments.Provider, date: dt.date, run_id: int) -> int:
    """This function will fetch a bill into a run that has begun, and return how many lines it has.

    No transaction is held while the provider is asked. Raises BillUnavailable, after which the run is for the caller
    to drop, and RunOvertaken.
    """
    limits = config.get()
    count = 0
    try:
        for batch in chunks(provider.list(date=date), limits.bill_batch_max):
            if count + len(batch) > limits.bill_lines_max:
                raise BillUnavailable(
                    f"The bill of {provider.name} for {date} has more than {limits.bill_lines_max} lines."
                )
            lines = _name(batch, provider=provider.name)
            with db.write():
                reconciliation.store_lines(run_id=run_id, lines=lines, after=count)
            count += len(batch)
    except (payments.ProviderUnavailable, payments.ProviderRefused) as error:
        raise BillUnavailable(f"The bill of {provider.name} for {date} is not to be had: {error.detail}") from error
    return count


def is_unnamed(subject: Subject) -> bool:
    """This function will say whether the line of a subject named no payment."""
    return _UNNAMED in subject.name


def _name(batch: Sequence[BillLine], *, provider: str) -> list[Line]:
    """Find out what lines are about, as our books name it."""
    told = [(_clean(line.reference), _clean(line.provider_id), _clean(line.part_id)) for line in batch]
    paid_by = _find_payments({(reference, provider_id) for reference, provider_id, _ in told}, provider=provider)
    refunded = (
        paid_by.get((reference, provider_id))
        for line, (reference, provider_id, _) in zip(batch, told, strict=True)
        if line.kind is payments.BillKind.REFUND
    )
    refunds = _find_refunds({intent_id for intent_id in refunded if intent_id is not None})
    return [
        _line(line, facts, provider=provider, intent_id=paid_by.get(facts[:2]), refunds=refunds)
        for line, facts in zip(batch, told, strict=True)
    ]


def _line(
    line: BillLine,
    facts: tuple[str, str, str],
    *,
    provider: str,
    intent_id: int | None,
    refunds: Mapping[tuple[int, str], str],
) -> Line:
    if not is_currency(line.amount.currency) or abs(line.amount.amount) > AMOUNT_MAX or line.at.tzinfo is None:
        raise BillUnavailable(f"The bill of {provider} has a line that cannot be understood.")
    reference, provider_id, part_id = facts
    about = About(line.kind.value)
    payment = "" if intent_id is None else ids.to_number(intent_id)
    whole = payment or reference or provider_id or f"{_UNNAMED}{line.at:%Y%m%dT%H%M%S.%f}"
    if about is About.CAPTURE or (about is About.FEE and not part_id):
        name = whole
    elif about is About.REFUND:
        ours = None if intent_id is None else refunds.get((intent_id, part_id))
        name = ours or part_id or whole
    elif about is About.FEE and not (payment or reference or provider_id):
        name = f"{provider}:{_UNNAMED}{part_id}"
    else:
        # Nobody but the provider names disputes and payouts, or what it charges for one, so the name says whose it is.
        name = f"{provider}:{part_id or whole}"
    return Line(
        subject=Subject(about, name),
        payment=payment,
        reference=reference,
        provider_id=provider_id,
        part_id=part_id,
        amount=line.amount,
        at=line.at,
    )


def _find_payments(told: set[tuple[str, str]], *, provider: str) -> dict[tuple[str, str], int]:
    """Return the payments of ours that pairs of our number and the provider's id mean."""
    by_number: dict[tuple[str, str], int] = {}
    for pair in told:
        try:
            by_number[pair] = ids.from_number(pair[0])
        except ids.InvalidNumber:
            continue
    ours = payments.find_ours(intent_ids=set(by_number.values()))
    found = {pair: intent_id for pair, intent_id in by_number.items() if (provider, intent_id) in ours}
    # A bill need not know our numbers.
    unknown = sorted({provider_id for pair in told if pair not in found and (provider_id := pair[1])})
    known = payments.find_intent_ids(provider=provider, provider_ids=unknown) if unknown else {}
    return found | {pair: known[pair[1]] for pair in told if pair not in found and pair[1] in known}


def _find_refunds(intent_ids: set[int]) -> dict[tuple[int, str], str]:
    """Return the numbers of refunds of payments by what a provider may call them: by its id of them, or by ours."""
    named: dict[tuple[int, str], str] = {}
    for intent_id, refund_id, provider_id in payments.find_refunds_of(intent_ids=intent_ids) if intent_ids else ():
        number = ids.to_number(refund_id)
        named[intent_id, number] = number
        if provider_id:
            named[intent_id, provider_id] = number
    return named


def _clean(text: str) -> str:
    """Keep what a database and a terminal can take, of the length that there is room for."""
    if len(text) <= _TEXT_CHARS and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "?" for sign in text[:_TEXT_CHARS])
