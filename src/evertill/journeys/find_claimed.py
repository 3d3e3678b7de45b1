"""Find what a claim is about: clues that may be wrong or only a part, compared with everything that the shop has.

Orders, payments, providers' bills, failed checkouts and receipts are asked each in its own way, by an index; what they
give is weighed by one pure rule. Nothing here is shown to anybody: that is `view_claim.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from evertill.domains import accounts, claims, orders, payments, reconciliation, submissions
from evertill.domains.accounts import AddressKind
from evertill.domains.claims import Candidate, Clues, Search, Source
from evertill.journeys.verify_receipt import NotAReceipt, OtherShop, ReceiptAltered, ReceiptTooBig, verify_receipt
from evertill.kernel import config, contacts, db, ids

__all__ = ["find_candidates", "find_claimed", "search_claim", "search_filed"]

ACTOR = "clock"
_NEAR_DAYS, _WIDE_DAYS = 3, 14
_PHONE_TAIL = 4
# Signs of a number beyond its minute from which on it is looked for without a day.
_RANDOM_SIGNS = 5
_PERCENT = 100


def find_claimed(*, clues: Clues, now: dt.datetime) -> Search:
    """This function will return what fits the clues best, the best first, and what that comes to."""
    return claims.scoring.judge(clues=clues, candidates=find_candidates(clues=clues, now=now))


def search_claim(*, claim_id: int, now: dt.datetime) -> Search:
    """This function will look for what a claim is about, and keep what was found; raises ClaimMoved."""
    claim = claims.queries.find(claim_id=claim_id)
    if claim is None:
        raise claims.operations.ClaimMoved("There is no such claim.")
    search = find_claimed(clues=claim.clues, now=now)
    with db.write():
        claims.operations.lock(claim_id=claim_id)
        claims.operations.keep_search(claim_id=claim_id, search=search, actor=ACTOR, now=now)
    return search


def search_filed(*, now: dt.datetime) -> int:
    """This function will look for what claims are about that nobody could look into when they were filed."""
    waiting = claims.queries.find_unsearched(
        filed_before=now - dt.timedelta(seconds=30), limit=config.get().claims_batch_max
    )
    for claim_id in waiting:
        search_claim(claim_id=claim_id, now=now)
    return len(waiting)


def find_candidates(*, clues: Clues, now: dt.datetime) -> list[Candidate]:
    """This function will return everything that may be what the clues are about; most of it is not."""
    most = config.get().claims_candidates_max
    sought = claims.looking.read_number(clues.number)
    named, by_reference = _payments(clues)
    found = set(by_reference)
    found |= _by_number(sought, clues, now=now, most=most)
    found |= _by_address(clues, now=now, most=most)
    found |= _by_day(clues, most=most)
    candidates = list(_by_receipt(clues))
    candidates += _orders(sorted(found, reverse=True)[:most], clues)
    known = {one.order_id for one in candidates}
    candidates += [_of_payment(intent) for intent in named if intent.order_id not in known]
    candidates += _billed(clues, named, most=most)
    candidates += _failed(clues, sought, now=now, most=most)
    return candidates


def _by_receipt(clues: Clues) -> Iterator[Candidate]:
    if not clues.receipt:
        return
    try:
        verified = verify_receipt(text=clues.receipt)
    except (NotAReceipt, OtherShop, ReceiptAltered, ReceiptTooBig):
        return
    receipt, order = verified.receipt, verified.order
    if order is not None:
        yield msgspec.structs.replace(of_order(order), is_of_receipt=True)
        return
    yield Candidate(
        source=Source.RECEIPT,
        name=ids.to_number(receipt.order_id),
        order_id=receipt.order_id,
        currency=receipt.currency,
        total=receipt.total,
        at=receipt.placed_at,
        is_of_receipt=True,
    )


def _by_number(sought: claims.looking.Sought, clues: Clues, *, now: dt.datetime, most: int) -> set[int]:
    found = set(orders.seeking.known(order_ids=sought.ids)) if sought.ids else set()
    for part in sought.parts:
        if part.is_leading:
            low = part.value << part.shift
            span = orders.seeking.Span(first=_AGES, last=now, low=low, high=low | (1 << part.shift) - 1)
            found |= set(orders.seeking.in_span(span=span, limit=most))
    inside = [part for part in sought.parts if not part.is_leading]
    if inside and (clues.date is not None or inside[-1].random_signs >= _RANDOM_SIGNS):
        span = _span(clues.date, days=_WIDE_DAYS) if clues.date is not None else _lately(now)
        parts = [(part.shift, part.mask, part.value) for part in inside]
        found |= set(orders.seeking.in_span(span=span, parts=parts, limit=most))
    return found


def _by_address(clues: Clues, *, now: dt.datetime, most: int) -> set[int]:
    email = contacts.spell_email(clues.email) if contacts.is_email(clues.email) else ""
    phone = clues.phone if clues.phone.startswith("+") else ""
    if not email and not phone:
        return set()
    exact = _of_addresses({email} - {""}, {phone} - {""}, most=most, now=now)
    # A slip in an address: there are some thousand neighbours of it, and each is one look into an index. They are
    # looked at also where they are not needed: who files would else learn by the clock whose addresses the shop knows.
    emails = claims.looking.near_emails(email) if email else frozenset[str]()
    phones = claims.looking.near_phones(phone) if phone else frozenset[str]()
    near = _of_addresses(emails, phones, most=most, now=now)
    return exact or near


def _of_addresses(emails: Collection[str], phones: Collection[str], *, most: int, now: dt.datetime) -> set[int]:
    span = orders.seeking.Span(first=_AGES, last=now)
    owners = accounts.find_all(kind=AddressKind.EMAIL, addresses=emails) if emails else []
    owners += accounts.find_all(kind=AddressKind.PHONE, addresses=phones) if phones else []
    found = orders.seeking.by_addresses(emails=emails, phones=phones, span=span, limit=most)
    found += orders.seeking.by_accounts(account_ids=set(owners), span=span, limit=most)
    return set(found)


def _by_day(clues: Clues, *, most: int) -> set[int]:
    tail = "".join(sign for sign in clues.phone if sign.isdigit()).lstrip("0")
    tail = tail if len(tail) >= _PHONE_TAIL and not clues.phone.startswith("+") else ""
    if clues.date is None or (clues.amount is None and not tail):
        return set()
    found: set[int] = set()
    for days in (_NEAR_DAYS, _WIDE_DAYS):
        span = _span(clues.date, days=days)
        if clues.amount is not None:
            least, most_of = clues.amount, clues.amount
            if not found and days == _WIDE_DAYS:
                least, most_of = clues.amount - clues.amount // _PERCENT, clues.amount + clues.amount // _PERCENT
            found |= set(orders.seeking.in_span(span=span, totals=(least, most_of), limit=most))
        if tail:
            found |= set(orders.seeking.in_span(span=span, phone_tail=tail, limit=most))
        if found:
            break
    return found


def _payments(clues: Clues) -> tuple[list[payments.Intent], set[int]]:
    """The payments that a reference can mean, and their orders; people also take an order's number for one."""
    if not clues.reference:
        return [], set()
    sought = claims.looking.read_number(clues.reference)
    asked = set(sought.ids) | set(payments.seek_by_provider_id(provider_id=clues.reference.strip()))
    intents = list(payments.read_intents(intent_ids=asked).values()) if asked else []
    named = {intent.order_id for intent in intents} | sought.ids
    return intents, set(orders.seeking.known(order_ids=named)) if named else set()


def _orders(order_ids: Sequence[int], clues: Clues) -> list[Candidate]:
    known = orders.read_orders(order_ids=order_ids)
    paid = payments.read_intents_of_orders(order_ids=list(known)) if clues.reference and known else {}
    return [of_order(order, paid.get(order.id, ())) for order in known.values()]


def of_order(order: orders.Order, paid: Iterable[payments.Intent] = ()) -> Candidate:
    """This function will return an order as clues are compared with it."""
    number = ids.to_number(order.id)
    return Candidate(
        source=Source.ORDER,
        name=number,
        order_id=order.id,
        emails=(order.email,),
        phones=(order.phone,),
        account_id=order.account_id,
        currency=order.currency,
        total=order.total,
        at=order.placed_at,
        references=(number, *(name for intent in paid for name in (intent.number, intent.provider_id) if name)),
    )


def _of_payment(intent: payments.Intent) -> Candidate:
    """A payment whose order the shop has not."""
    money = intent.captured or intent.expected
    return Candidate(
        source=Source.PAYMENT,
        name=intent.number,
        order_id=intent.order_id,
        currency=money.currency,
        total=money.amount,
        at=intent.created_at,
        references=tuple(filter(None, (intent.number, intent.provider_id))),
    )


def _billed(clues: Clues, named: Sequence[payments.Intent], *, most: int) -> list[Candidate]:
    """What a provider's bill says came in, and no payment here knows of."""
    lines: list[reconciliation.Capture] = []
    if clues.reference:
        near = claims.looking.read_number(clues.reference).ids
        names = [clues.reference.strip(), *(ids.to_number(number) for number in sorted(near))]
        lines += reconciliation.seek_captures(names=names, limit=most)
    if clues.date is not None and clues.amount is not None:
        day = dt.timedelta(days=1)
        lines += reconciliation.seek_day(
            providers=payments.names(),
            first=clues.date - day,
            last=clues.date + day,
            amount=clues.amount,
            limit=most,
        )
    here = {intent.number for intent in named} | _kept(line.payment or line.reference for line in lines)
    return [
        Candidate(
            source=Source.BILL,
            name=line.name,
            currency=line.amount.currency,
            total=line.amount.amount,
            at=line.at,
            references=tuple(filter(None, (line.payment, line.reference, line.provider_id))),
        )
        for line in lines
        if (line.payment or line.reference) not in here
    ]


def _kept(numbers: Iterable[str]) -> set[str]:
    """Those of some payments' numbers that the shop has."""
    asked = set()
    for number in numbers:
        try:
            asked.add(ids.from_number(number))
        except ids.InvalidNumber:
            continue
    return {intent.number for intent in payments.read_intents(intent_ids=asked).values()} if asked else set()


def _failed(clues: Clues, sought: claims.looking.Sought, *, now: dt.datetime, most: int) -> list[Candidate]:
    email = contacts.spell_email(clues.email) if clues.email else ""
    found = submissions.seek(
        submission_ids=sought.ids | claims.looking.read_number(clues.reference).ids,
        emails={email} - {""},
        phones={clues.phone} - {""},
        total=clues.amount,
        since=now - dt.timedelta(days=config.get().claims_look_back_days),
        limit=most,
    )
    return [
        Candidate(
            source=Source.SUBMISSION,
            name=ids.to_number(one.failed.id),
            order_id=one.order_id,
            emails=(one.failed.email,),
            phones=(one.failed.phone,),
            account_id=one.failed.account_id,
            currency=one.failed.currency,
            total=one.failed.total,
            at=one.first_failed_at,
            references=(ids.to_number(one.failed.id),),
        )
        for one in found
    ]


_AGES = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _span(date: dt.date, *, days: int) -> orders.seeking.Span:
    first, last = claims.looking.day_span(date, days=days)
    low, high = claims.looking.id_span(first, last)
    return orders.seeking.Span(first=first, last=last, low=low, high=high)


def _lately(now: dt.datetime) -> orders.seeking.Span:
    first = now - dt.timedelta(days=config.get().claims_look_back_days)
    low, high = claims.looking.id_span(first, now)
    return orders.seeking.Span(first=first, last=now, low=low, high=high)
