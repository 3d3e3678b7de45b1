"""Place orders: a batch of them in one transaction, first come, first served, each whole or not at all."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from evertill.domains import catalog, fulfilment, orders, receipts, stock
from evertill.journeys.give_receipts import facts_of, find_receipts
from evertill.journeys.owed_codes import owed_by
from evertill.kernel import config, crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX


class AskedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a request; `unit_price` in minor units only from those who may name their own price."""

    sku: str
    quantity: int
    unit_price: int | None = None


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A request to place one order.

    `key_digest` stands for the caller and his Idempotency-Key, `body_digest` for all that he asked for under it. He is
    reached by `email`, `phone` (E.164) or both, in one of the shop's languages or its first; `account_id` is whose the
    order is, None for a guest's.
    """

    key_digest: bytes
    body_digest: bytes
    lines: Sequence[AskedLine]
    currency: str
    email: str = ""
    phone: str = ""
    language: str = ""
    account_id: int | None = None
    expected_total: int | None = None


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was placed: now, or earlier under the same key. `order` is as it was at that moment.

    `receipt` proves it; empty for one from before there were receipts.
    """

    order: orders.Order
    number: str
    access_token: str
    receipt: str = ""
    is_repeat: bool = False


class UnknownSku(EvertillError):
    """A line names a SKU that is not for sale."""

    code = "UNKNOWN_SKU"
    remedy = "Take the line out, or correct its SKU, and send the order again."


class ContactMissing(EvertillError):
    """Nobody could be told what becomes of the order: it has neither an email address nor a telephone number."""

    code = "CONTACT_MISSING"
    remedy = "Give an email address or a telephone number, and send the order again."


class WrongCurrency(EvertillError):
    """A line has no price in the currency of the order."""

    code = "WRONG_CURRENCY"
    remedy = "Send the order in a currency in which all its goods have a price."


class QuantityOutOfRange(EvertillError):
    """A line's quantity is not positive, or absurd."""

    code = "QUANTITY_OUT_OF_RANGE"


class TooManyLines(EvertillError):
    """An order has more lines than one order may have."""

    code = "TOO_MANY_LINES"
    remedy = "Split the order."


class AmountOutOfRange(EvertillError):
    """A price or a total is negative or beyond what the ledger can hold."""

    code = "AMOUNT_OUT_OF_RANGE"


class PriceChanged(EvertillError):
    """The total is not the one that the customer agreed to."""

    code = "PRICE_CHANGED"
    status = "conflict"
    remedy = "Show the customer the new total and send the order again with it."


class SoldOut(EvertillError):
    """There is not enough of one SKU or more."""

    code = "SOLD_OUT"
    status = "conflict"
    remedy = "Ask for no more than what is left of each, and send the order again."


class KeyReused(EvertillError):
    """The Idempotency-Key belongs to another order already."""

    code = "IDEMPOTENCY_KEY_REUSED"
    kept = "The order that was placed under this key stands; nothing else was changed."
    remedy = "Use a new key for a new order."


class KeyInFlight(EvertillError):
    """The same key is being worked on at this moment."""

    code = "IDEMPOTENCY_KEY_IN_FLIGHT"
    status = "busy"
    kept = "The first request under this key goes on."
    remedy = "Wait for its answer, or send the same request again in a moment."


Outcome = Placed | EvertillError

# How often a batch is tried whose order numbers happen to be taken.
_DRAWS_MAX = 3


def place_orders(
    asked: Sequence[PlaceOrder], *, now: dt.datetime, randbits: ids.RandomBits = secrets.randbits
) -> list[Outcome]:
    """This function will place what can be placed and answer each request in its place, a refusal being a value.

    When it returns, everything it answers is durable. Raises db.OutcomeUnknown or db.DatabaseUnavailable for the whole
    batch; sending the same keys again is always safe.
    """
    # Two equal keys inside one batch count as one; the one with another body is refused like any later one.
    first: dict[bytes, PlaceOrder] = {}
    for ask in asked:
        first.setdefault(ask.key_digest, ask)
    signer = receipts.signer(now=now)
    outcomes = _place_under_free_numbers(first, signer, now=now, randbits=randbits)
    return [
        outcomes[ask.key_digest] if ask.body_digest == first[ask.key_digest].body_digest else _key_reused()
        for ask in asked
    ]


def _place_under_free_numbers(
    asked: Mapping[bytes, PlaceOrder], signer: receipts.Signer, *, now: dt.datetime, randbits: ids.RandomBits
) -> dict[bytes, Outcome]:
    for _ in range(_DRAWS_MAX - 1):
        try:
            with db.write():
                return _place_distinct(asked, signer, now=now, randbits=randbits)
        except orders.NumberTaken:
            continue
    with db.write():
        return _place_distinct(asked, signer, now=now, randbits=randbits)


def _place_distinct(
    asked: Mapping[bytes, PlaceOrder], signer: receipts.Signer, *, now: dt.datetime, randbits: ids.RandomBits
) -> dict[bytes, Outcome]:
    # They are run in this order, each seeing what was committed before it: what is not known once its key is claimed
    # does not exist.
    with db.together():
        claiming = orders.claim_keys(digests=list(asked))
        looking_up = orders.find_by_keys(digests=list(asked))
        offering = {
            currency: catalog.find_offers(skus=skus, currency=currency)
            for currency, skus in _skus_by_currency(asked.values()).items()
        }
    known = looking_up.get()
    proofs = find_receipts([keyed.order for keyed in known.values()]) if known else {}
    outcomes: dict[bytes, Outcome] = {}
    fresh = []
    for (digest, ask), is_claimed in zip(asked.items(), claiming.get(), strict=True):
        if digest in known:
            outcomes[digest] = _repeat(known[digest], ask, proofs)
        elif not is_claimed:
            outcomes[digest] = KeyInFlight("A request with this Idempotency-Key is being worked on.", retry_after_s=1)
        else:
            fresh.append(ask)
    if fresh:
        offers = {currency: offered.get() for currency, offered in offering.items()}
        _place_fresh(fresh, offers, outcomes, signer, now=now, randbits=randbits)
    return outcomes


def _skus_by_currency(asked: Iterable[PlaceOrder]) -> dict[str, set[str]]:
    skus: dict[str, set[str]] = {}
    for ask in asked:
        skus.setdefault(ask.currency, set()).update([line.sku for line in ask.lines])
    return skus


def _place_fresh(
    asked: Sequence[PlaceOrder],
    offers: Mapping[str, Mapping[str, catalog.Offer]],
    outcomes: dict[bytes, Outcome],
    signer: receipts.Signer,
    *,
    now: dt.datetime,
    randbits: ids.RandomBits,
) -> None:
    priced: list[tuple[PlaceOrder, list[orders.Line], int]] = []
    for ask in asked:
        try:
            lines = _price(ask, offers[ask.currency])
            priced.append((ask, lines, _total(ask, lines)))
        except EvertillError as refusal:
            outcomes[ask.key_digest] = refusal

    wanted = [orders.pieces_by_sku(lines) for _, lines, _ in priced]
    # Rows are locked in SKU order, so two batches can never wait for each other in a circle.
    items = stock.lock_items(skus={sku for pieces in wanted for sku in pieces})
    allotments = stock.allot(asked=wanted, items=items)

    served: list[orders.Keyed] = []
    movements: list[stock.Movement] = []
    reserved_until = now + dt.timedelta(seconds=config.get().reservation_s)
    numbers = ids.new_ids(len(priced), now=now, randbits=randbits)
    for (ask, lines, total), pieces, allotment, order_id in zip(priced, wanted, allotments, numbers, strict=True):
        if not allotment.is_served:
            outcomes[ask.key_digest] = _sold_out(pieces, allotment)
            continue
        order = orders.Order(
            id=order_id,
            state=_as_placed(total),
            currency=ask.currency,
            total=total,
            email=ask.email,
            phone=ask.phone,
            language=ask.language,
            account_id=ask.account_id,
            placed_at=now,
            reserved_until=reserved_until,
            lines=tuple(lines),
        )
        served.append(orders.Keyed(order=order, key_digest=ask.key_digest, body_digest=ask.body_digest))
        movements += [
            stock.Movement(sku=sku, kind=stock.MovementKind.RESERVED, quantity=quantity, order_id=order_id)
            for sku, quantity in pieces.items()
        ]
    if served:
        outcomes |= _record(served, movements, signer, now=now)


def _record(
    served: Sequence[orders.Keyed], movements: Sequence[stock.Movement], signer: receipts.Signer, *, now: dt.datetime
) -> dict[bytes, Outcome]:
    """Write down what is acknowledged, all of it under one signature, and return the answers."""
    placed = [keyed.order for keyed in served]
    facts = [facts_of(order) for order in placed]
    contacts = [receipts.contact_digest(order_id=o.id, email=o.email, phone=o.phone) for o in placed]
    batch = receipts.sign_batch(facts=facts, contacts=contacts, signer=signer, now=now)
    orders.record(keyed=served, placed_at=now, reserved_until=placed[0].reserved_until, receipt_batch=batch.id)
    with db.together():
        moving = stock.ask_to_move(movements=movements, now=now)
        receipts.ask_to_record(batch=batch, signer=signer)
    moving.get()
    _give_away([order for order in placed if not order.total], now=now)
    texts = receipts.texts.write_all(batch, facts=facts)
    return {keyed.key_digest: _placed(keyed.order, receipt=text) for keyed, text in zip(served, texts, strict=True)}


def _as_placed(total: int) -> orders.State:
    """Return the state that an order is placed in: one that costs nothing waits for no money."""
    return orders.State.PLACED if total else orders.State.PAID


def _give_away(free: Sequence[orders.Order], *, now: dt.datetime) -> None:
    """Have orders that cost nothing bought by nobody's money, in the moment in which they are placed."""
    if free:
        orders.change_state(order_ids=[o.id for o in free], to=orders.State.PAID, actor="customer", now=now)
        pieces = {order.id: orders.pieces_by_sku(order.lines) for order in free}
        stock.sell(pieces=pieces, now=now)
        fulfilment.note_due(owed=owed_by(pieces), now=now)


def _price(ask: PlaceOrder, offers: Mapping[str, catalog.Offer]) -> list[orders.Line]:
    limits = config.get()
    if not ask.email and not ask.phone:
        raise ContactMissing("An order needs an email address or a telephone number.")
    if not 1 <= len(ask.lines) <= limits.order_lines_max:
        raise TooManyLines(f"An order has 1 to {limits.order_lines_max} lines, this one has {len(ask.lines)}.")
    lines = []
    for asked in ask.lines:
        if not 1 <= asked.quantity <= limits.quantity_max:
            raise QuantityOutOfRange(f"The quantity of {asked.sku} must be from 1 to {limits.quantity_max}.")
        offer = offers.get(asked.sku)
        if offer is None:
            unknown = sorted({line.sku for line in ask.lines} - offers.keys())
            raise UnknownSku(f"Not for sale here: {', '.join(unknown[:10])}.", skus=unknown)
        unit_price = offer.unit_price if asked.unit_price is None else asked.unit_price
        if unit_price is None:
            raise WrongCurrency(f"{asked.sku} has no price in {ask.currency}.", sku=asked.sku)
        if not 0 <= unit_price <= AMOUNT_MAX:
            raise AmountOutOfRange(f"The unit price of {asked.sku} is out of range.")
        lines.append(orders.Line(sku=asked.sku, title=offer.title, quantity=asked.quantity, unit_price=unit_price))
    return lines


def _total(ask: PlaceOrder, lines: Sequence[orders.Line]) -> int:
    total = sum(line.total for line in lines)
    if total > AMOUNT_MAX:
        raise AmountOutOfRange("The total of the order is out of range.")
    if ask.expected_total is not None and ask.expected_total != total:
        raise PriceChanged(
            f"The total is {total} now, not {ask.expected_total}.", total={"amount": total, "currency": ask.currency}
        )
    return total


def _sold_out(pieces: Mapping[str, int], allotment: stock.Allotment) -> SoldOut:
    short = [{"sku": sku, "asked": pieces[sku], "left": left} for sku, left in sorted(allotment.short.items())]
    return SoldOut(f"Not enough left of: {', '.join(item['sku'] for item in short[:10])}.", short=short)  # type: ignore[misc]


def _repeat(known: orders.Keyed, ask: PlaceOrder, proofs: Mapping[int, str]) -> Outcome:
    if known.body_digest != ask.body_digest:
        return _key_reused()
    # The first answer again, whatever has become of the order since.
    as_placed = msgspec.structs.replace(known.order, state=_as_placed(known.order.total))
    return _placed(as_placed, receipt=proofs.get(known.order.id, ""), is_repeat=True)


def _placed(order: orders.Order, *, receipt: str, is_repeat: bool = False) -> Placed:
    return Placed(
        order=order,
        number=ids.to_number(order.id),
        access_token=orders.access_token(order.id),
        receipt=receipt,
        is_repeat=is_repeat,
    )


def _key_reused() -> KeyReused:
    return KeyReused("This Idempotency-Key was used for another order.")


@lru_cache(maxsize=256)
def nearest_language(tag: str) -> str:
    """This function will return the language of the shop that is nearest to a language tag; its first for any other."""
    return catalog.choose_language(wanted=[tag], available=config.get().languages)


def digest_key(*, caller: str, key: bytes) -> bytes:
    """This function will return the digest that stands for a caller's Idempotency-Key (up to 128 bytes)."""
    return crypto.fingerprint(caller.encode(), key)
