"""Payments and refunds: every write moves a payment along rules.MOVES, keeps history, and tells of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from evertill.kernel.errors import EvertillError

from . import faults, rules
from .bill import write_line
from .book import Book, NotFound, as_time, now_ms, own_faults, payment_row, tell
from .cards import BY_NAME, Card, find
from .store import new_id
from .types import Capture, NewPayment, NewRefund, State

_LIST_MAX = 100
_DELAY_MS = 2_000


class NotAllowedNow(EvertillError):
    """The payment's state does not allow this."""

    code = "NOT_ALLOWED_NOW"
    status = "conflict"
    remedy = "Fetch the payment and go on from the state it is in."


class TooMuch(EvertillError):
    """More money than there is to capture or to give back."""

    code = "TOO_MUCH"
    status = "conflict"
    remedy = "Fetch the payment; ask for no more than it has left."


class UnknownCard(EvertillError):
    """The number is not a test card's."""

    code = "UNKNOWN_CARD"
    remedy = "Use one of the test cards; this provider takes no real one."


class UnusableAddress(EvertillError):
    """An address is not one of http or https."""

    code = "UNUSABLE_ADDRESS"


def check_address(url: str) -> None:
    """This function will raise UnusableAddress for anything but an absolute http(s) address of printable ASCII."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(sign <= " " or sign in "\"'<>\\;,\x7f" for sign in url):
        raise UnusableAddress("The address must begin with http:// or https:// and have no spaces, quotes or commas.")


def create_payment(book: Book, asked: NewPayment) -> dict[str, Any]:
    """This function will begin a payment; with `metadata.card` its customer pays at once.

    Raises UnusableAddress, UnknownFault and UnknownCard.
    """
    check_address(asked.return_url)
    faults.asked(asked.metadata)
    at, made = now_ms(), new_id("pay")
    with book.store.writing():
        book.store.run(
            "insert into payments (id, reference, amount, currency, method, capture, return_url, description, metadata,"
            " state, captured_currency, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            made, asked.reference, asked.amount, asked.currency, asked.method, asked.capture, asked.return_url,
            asked.description, json.dumps(asked.metadata), State.REQUIRES_ACTION, asked.currency, at,
        )  # fmt: skip
        _remember(book, made, State.REQUIRES_ACTION, "created", at)
        if "card" in asked.metadata:
            pay(book, made, card=asked.metadata["card"])
    return fetch_payment(book, made)


def pay(book: Book, payment: str, *, card: str) -> State:
    """This function will do what happens when the customer pays with a test card, and return the state it leads to.

    A card that asks the customer's bank leaves the payment waiting for `answer_challenge`.

    Raises UnknownCard, NotFound and NotAllowedNow.
    """
    used = find(card)
    if used is None:
        raise UnknownCard("This is not the number of a test card.")
    with book.store.writing():
        row = payment_row(book, payment)
        if row["state"] != State.REQUIRES_ACTION:
            raise NotAllowedNow(f"Payment {payment} is {row['state']} and cannot be paid again.")
        if used.course == "challenge":
            book.store.run("update payments set pending = ? where id = ?", used.name, payment)
            return State.REQUIRES_ACTION
        return _take_course(book, row, used)


def answer_challenge(book: Book, payment: str, *, approved: bool) -> State:
    """This function will go on after the customer's bank has asked; raises NotFound and NotAllowedNow."""
    with book.store.writing():
        row = payment_row(book, payment)
        if row["state"] != State.REQUIRES_ACTION or row["pending"] not in BY_NAME:
            raise NotAllowedNow(f"No bank waits for an answer about payment {payment}.")
        if not approved:
            return _move(book, row, State.FAILED, why="challenge refused", reason="authentication_failed")
        return _take_money(book, row, why="challenge passed")


def settle(book: Book, payment: str, *, success: bool) -> None:
    """This function will end the processing of a payment, once."""
    row = payment_row(book, payment)
    if row["state"] != State.PROCESSING:
        return
    if success:
        _take_money(book, row, why="bank agreed")
    else:
        _move(book, row, State.FAILED, why="bank refused", reason="bank_refused")


def capture_payment(book: Book, payment: str, asked: Capture) -> dict[str, Any]:
    """This function will take authorised money, all or a part of it; raises NotFound, NotAllowedNow and TooMuch."""
    with book.store.writing():
        row = payment_row(book, payment)
        if row["state"] != State.AUTHORIZED:
            raise NotAllowedNow(f"Payment {payment} is {row['state']}; only an authorised one can be captured.")
        amount = asked.amount or row["authorized"]
        if amount > row["authorized"]:
            raise TooMuch(f"{amount} is more than the {row['authorized']} authorised.")
        _capture(book, row, amount=amount, why="captured by the merchant")
    return fetch_payment(book, payment)


def cancel_payment(book: Book, payment: str) -> dict[str, Any]:
    """This function will cancel a payment of which nothing was captured; raises NotFound and NotAllowedNow."""
    with book.store.writing():
        row = payment_row(book, payment)
        if row["state"] != State.CANCELLED:
            _move(book, row, State.CANCELLED, why="cancelled by the merchant")
    return fetch_payment(book, payment)


def refund_payment(book: Book, payment: str, asked: NewRefund) -> dict[str, Any]:
    """This function will give captured money back; raises NotFound, NotAllowedNow and TooMuch."""
    at, made = now_ms(), new_id("ref")
    with book.store.writing():
        row = payment_row(book, payment)
        if row["state"] != State.CAPTURED:
            raise NotAllowedNow(f"Payment {payment} is {row['state']}; there is nothing to give back.")
        changed = book.store.run(
            "update payments set refunded = refunded + ? where id = ? and refunded + disputed + ? <= captured",
            asked.amount, payment, asked.amount,
        )  # fmt: skip
        if not changed:
            left = row["captured"] - row["refunded"] - row["disputed"]
            raise TooMuch(f"{asked.amount} is more than the {left} that is left to give back.")
        currency = row["captured_currency"]
        book.store.run(
            "insert into refunds values (?, ?, ?, ?, ?, ?)", made, payment, asked.amount, currency, asked.reference, at
        )
        write_line(book, kind="refund", row=row, amount=-asked.amount, refund=made, at=at)
        told = fetch_refund(book, made)
        tell(book, kind="refund.succeeded", row=row, data={"refund": told, "payment": fetch_payment(book, payment)})
    return told


def fetch_payment(book: Book, payment: str) -> dict[str, Any]:
    """This function will return a payment as the API shows it; raises NotFound."""
    row = payment_row(book, payment)
    return {
        "id": row["id"], "status": row["state"], "reference": row["reference"],
        "amount": row["amount"], "currency": row["currency"], "method": row["method"], "capture": row["capture"],
        "authorized": row["authorized"], "captured": row["captured"], "captured_currency": row["captured_currency"],
        "refunded": row["refunded"], "disputed": row["disputed"], "fee": row["fee"],
        "reason": row["reason"], "description": row["description"], "metadata": row["metadata"],
        "next": _next(book, row), "created_at": as_time(row["created_at"]),
        "history": [
            {"status": item["state"], "why": item["why"], "at": as_time(item["at"])}
            for item in book.store.all("select * from history where payment = ? order by id limit 20", payment)
        ],
        "disputes": book.store.all(
            "select id, state as status, amount, currency, reason from disputes where payment = ? order by id limit 20",
            payment,
        ),
    }  # fmt: skip


def list_payments(book: Book, *, reference: str) -> list[dict[str, Any]]:
    """This function will return the newest payments of a reference, at most 100."""
    rows = book.store.all(
        "select id from payments where reference = ? order by created_at desc, id limit ?", reference, _LIST_MAX
    )
    return [fetch_payment(book, row["id"]) for row in rows]


def fetch_refund(book: Book, refund: str) -> dict[str, Any]:
    """This function will return a refund as the API shows it; raises NotFound."""
    row = book.store.one("select * from refunds where id = ?", refund)
    if row is None:
        raise NotFound(f"There is no refund {refund[:40]}.")
    return {**row, "status": "SUCCEEDED", "created_at": as_time(row["created_at"])}


def _next(book: Book, row: Mapping[str, Any]) -> dict[str, str] | None:
    if row["state"] != State.REQUIRES_ACTION:
        return None
    if row["method"] == "qr":
        return {"kind": "qr", "text": f"{book.base}/qr/{row['id']}"}
    return {"kind": "redirect", "url": f"{book.base}/pay/{row['id']}"}


def _take_course(book: Book, row: dict[str, Any], card: Card) -> State:
    book.store.run("update payments set pending = ? where id = ?", card.name, row["id"])
    row["pending"] = card.name
    if card.course == "fail":
        return _move(book, row, State.FAILED, why="card refused", reason=card.reason)
    if card.course in {"process", "process_fail"}:
        kind = "settle" if card.course == "process" else "fail"
        plan(book, row, kind=kind, ms=_own_delay(row))
        return _move(book, row, State.PROCESSING, why="the bank takes its time")
    return _take_money(book, row, why="card accepted")


def _take_money(book: Book, row: dict[str, Any], *, why: str) -> State:
    """Authorise or capture, as the payment asks; what the card or a fault bends is bent here."""
    card = BY_NAME[row["pending"]]
    struck = book.draw.strikes(faults.MONEY, subject=f"money:{row['reference']}:{row['amount']}", own=own_faults(row))
    amount, currency = row["amount"], row["currency"]
    for bend in sorted({*struck, card.bend or ""} & {"wrong_amount", "partial_capture", "wrong_currency"}):
        amount, currency = rules.bent(amount, currency, bend=bend)
    book.store.run(
        "update payments set authorized = ?, captured_currency = ? where id = ?", amount, currency, row["id"]
    )
    row["authorized"], row["captured_currency"] = amount, currency
    if card.disputed or "dispute_later" in struck:
        plan(book, row, kind="dispute", ms=book.draw.ms("dispute_later", row["metadata"]))
    if row["capture"] == "manual":
        return _move(book, row, State.AUTHORIZED, why=why)
    return _capture(book, row, amount=amount, why=why)


def _capture(book: Book, row: dict[str, Any], *, amount: int, why: str) -> State:
    at, fee = now_ms(), rules.fee(amount)
    book.store.run("update payments set captured = ?, fee = ? where id = ?", amount, fee, row["id"])
    write_line(book, kind="charge", row=row, amount=amount, at=at)
    write_line(book, kind="fee", row=row, amount=-fee, at=at)
    return _move(book, row, State.CAPTURED, why=why)


def _move(book: Book, row: Mapping[str, Any], target: State, *, why: str, reason: str | None = None) -> State:
    before = rules.sources(target)
    marks = ", ".join("?" * len(before))
    changed = book.store.run(
        f"update payments set state = ?, reason = ? where id = ? and state in ({marks})",  # noqa: S608 — only marks.
        target, reason, row["id"], *before,
    )  # fmt: skip
    if not changed:
        raise NotAllowedNow(f"Payment {row['id']} is {row['state']} and cannot become {target}.")
    _remember(book, row["id"], target, why, now_ms())
    tell(book, kind=f"payment.{target.lower()}", row=row, data={"payment": fetch_payment(book, row["id"])})
    return target


def _remember(book: Book, payment: str, state: State, why: str, at: int) -> None:
    book.store.run("insert into history (payment, state, why, at) values (?, ?, ?, ?)", payment, state, why, at)


def plan(book: Book, row: Mapping[str, Any], *, kind: str, ms: int) -> None:
    """This function will have the background task do `kind` to a payment after `ms`."""
    book.store.run("insert into plans (due_at, kind, payment) values (?, ?, ?)", now_ms() + ms, kind, row["id"])
    book.stirred.set()


def _own_delay(row: Mapping[str, Any]) -> int:
    text = row["metadata"].get("delay_ms", "")
    return min(int(text), 600_000) if text.isascii() and text.isdigit() else _DELAY_MS
