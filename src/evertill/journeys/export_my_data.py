"""Export my data: everything that the shop keeps of an account, as one JSON document in a file.

It is written into a file first, in one view of the database, so that a slow download holds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec

from evertill.domains import access, claims, identity, messages, orders, payments, reviews, submissions
from evertill.domains.accounts import Account
from evertill.domains.identity import Operation, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import Visit
from evertill.journeys.enrolled_factors import read_enrolled
from evertill.journeys.messages_of_orders import keys_of, refunds_of
from evertill.journeys.see_own import own_rows
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db, ids
from evertill.kernel.money import Money

__all__ = ["export_my_data", "file_of"]

# Held in memory; what is more goes to a file that nobody else can open and that goes by itself.
_MEMORY_BYTES = 1 << 20
_ORDERS_AT_A_TIME = 200
_LIST_MAX = 1_000


def export_my_data(*, session: Session, visit: Visit, now: dt.datetime) -> IO[bytes]:
    """This function will return a file, at its beginning, with all that is kept of the caller's account.

    The caller closes it. It has the latest `config.export_orders_max` orders. Step-up: EXPORT_DATA. Raises
    StepUpRequired.
    """
    with acting(session=session, operation=Operation.EXPORT_DATA, now=now) as account:
        facts = {"device": visit.device, "place": visit.place}
        tell_owner(account_id=account.id, notice=Notice.DATA_EXPORTED, facts=facts, now=now)
    return file_of(account, seen_as=partial(own_rows, session), now=now)


def file_of(account: Account, *, seen_as: Callable[[], AbstractContextManager[object]], now: dt.datetime) -> IO[bytes]:
    """This function will return the file, at its beginning; what it has is read in one view, inside `seen_as`.

    But for what people said about his orders: that is in tables which no customer can see, so his orders are found as
    he sees them, and what was said about those is read beside it.
    """
    file: IO[bytes] = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 — the caller closes it.
    try:
        with db.snapshot():
            with seen_as():
                mine = [order.id for order in _latest(account)]
            said = _Said(questions=reviews.read_said(order_ids=mine), notes=orders.read_notes_of(order_ids=mine))
            with seen_as():
                file.writelines(_document(account, said, now=now))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What was said about orders, by order: questions with answers, and notes of staff."""

    questions: Mapping[int, Sequence[reviews.Said]]
    notes: Mapping[int, Sequence[orders.Note]]


def _latest(account: Account) -> Iterator[orders.Order]:
    return islice(orders.stream_of_account(account_id=account.id), config.get().export_orders_max)


def _document(account: Account, said: _Said, *, now: dt.datetime) -> Iterator[bytes]:
    """Give the document in parts: first what is small, then order by order."""
    head = _json({"shop": config.get().public_url, "made_at": now, **_about(account, now=now)})
    yield head[:-1] + b',"orders":['
    found = orders.stream_of_account(account_id=account.id)
    kept = islice(found, config.get().export_orders_max)
    between = b""
    while page := list(islice(kept, _ORDERS_AT_A_TIME)):
        for item in _orders(page, said):
            yield between + _json(item)
            between = b","
    has_all = next(found, None) is None
    yield b'],"has_all_orders":' + _json(has_all) + b"}\n"


def _about(account: Account, *, now: dt.datetime) -> dict[str, Any]:
    enrolled = read_enrolled(account)
    since = next((one.added_at for one in access.list_staff() if one.account_id == account.id), None)
    return {
        "account": {
            "number": ids.to_number(account.id),
            "name": account.display_name,
            "language": account.language,
            "opened_at": account.created_at,
            "works_for_the_shop_since": since,
        },
        "addresses": [
            {"kind": address.kind, "address": address.text, "proved_at": address.proved_at}
            for address in enrolled.addresses
        ],
        # That there are such secrets, not what they are: whoever finds the file must not be able to sign in with it.
        "signing_in": {
            "ways": sorted(enrolled.factors),
            "sms_is_second_step": account.sms_second,
            "recovery_codes_left": enrolled.recovery_codes_left,
            "passkeys": [
                {
                    "name": passkey.name,
                    "added_at": passkey.added_at,
                    "used_at": passkey.used_at,
                    "is_on_several_devices": passkey.is_backed_up,
                    "suspected_at": passkey.suspected_at,
                }
                for passkey in identity.passkeys.list_all(account_id=account.id)
            ],
        },
        "sessions": [
            _session(session, ended_at)
            for session, ended_at in identity.sessions.list_kept(account_id=account.id, limit=_LIST_MAX)
        ],
        "browsers": [
            {
                "device": browser.device,
                "networks": browser.places,
                "first_at": browser.first_at,
                "last_at": browser.last_at,
                "trusted_until": browser.trusted_until,
            }
            for browser in identity.browsers.list_known(account_id=account.id, now=now)
        ],
        "checkouts_that_failed": [
            _submission(one) for one in submissions.list_of_account(account_id=account.id, limit=_LIST_MAX)
        ],
        "claims": [_claim(one) for one in claims.queries.list_of_account(account_id=account.id, limit=_LIST_MAX)],
        "messages": [_message(one) for one in messages.read_of_account(account_id=account.id, limit=_LIST_MAX)],
    }


def _session(session: Session, ended_at: dt.datetime | None) -> dict[str, Any]:
    return {
        "device": session.device,
        "network": session.place,
        "proved": {factor.value: moment for factor, moment in session.proved.items()},
        "started_at": session.started_at,
        "seen_at": session.seen_at,
        "ends_at": session.ends_at,
        "ended_at": ended_at,
    }


def _claim(claim: claims.Claim) -> dict[str, Any]:
    return {
        "number": claim.number,
        "about": claim.about,
        "state": claim.state,
        "clues": {name: getattr(claim.clues, name) for name in claim.clues.__struct_fields__},
        "contact": claim.contact,
        "words": claim.words,
        "filed_at": claim.filed_at,
        "decision": claim.decision,
        "answer": claim.answer,
        "decided_at": claim.decided_at,
    }


def _submission(kept: submissions.Submission) -> dict[str, Any]:
    failed = kept.failed
    return {
        "number": ids.to_number(failed.id),
        "state": kept.state,
        "email": failed.email,
        "phone": failed.phone,
        "total": _amount(failed.total, failed.currency),
        "lines": [{"sku": line.sku, "title": line.title, "quantity": line.quantity} for line in failed.lines],
        "failed_at": failed.failed_at,
        "removed_at": failed.remove_at,
        "agreed_to": failed.consent_text,
    }


def _message(message: messages.Message) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "to": message.to,
        "written_at": message.written_at,
        "state": message.state,
        "facts": message.facts,
    }


def _orders(page: Sequence[orders.Order], said: _Said) -> Iterator[dict[str, Any]]:
    order_ids = [order.id for order in page]
    intents, refunds = refunds_of(order_ids)
    every_refund = [refund for some in refunds.values() for refund in some]
    told: dict[int | None, list[messages.Message]] = {}
    for message in messages.find_all(keys=keys_of(order_ids, every_refund)):
        told.setdefault(message.order_id, []).append(message)
    for order in page:
        yield {
            "number": ids.to_number(order.id),
            "state": order.state,
            "total": _amount(order.total, order.currency),
            "email": order.email,
            "phone": order.phone,
            "language": order.language,
            "placed_at": order.placed_at,
            "lines": [
                {
                    "sku": line.sku,
                    "title": line.title,
                    "quantity": line.quantity,
                    "unit_price": _amount(line.unit_price, order.currency),
                    "returned": line.returned,
                }
                for line in order.lines
            ],
            "payments": [_payment(intent, refunds.get(intent.id, [])) for intent in intents.get(order.id, [])],
            "messages": [_message(message) for message in told.get(order.id, [])],
            "questions": [
                {"who": "shop" if one.is_question else "customer", "text": one.text, "said_at": one.said_at}
                for one in said.questions.get(order.id, [])
            ],
            "noted_by_staff": [
                {"text": note.text, "written_at": note.written_at} for note in said.notes.get(order.id, [])
            ],
        }


def _payment(intent: payments.Intent, refunds: Sequence[payments.Refund]) -> dict[str, Any]:
    captured = intent.captured
    currency = captured.currency if captured else intent.expected.currency
    return {
        "number": intent.number,
        "method": f"{intent.provider}.{intent.way}",
        "provider_number": intent.provider_id,
        "state": intent.state,
        "expected": _amount(intent.expected.amount, intent.expected.currency),
        "captured": _amount(captured.amount, captured.currency) if captured else None,
        "begun_at": intent.created_at,
        "refunds": [
            {
                "number": refund.number,
                "state": refund.state,
                "amount": _amount(refund.amount, currency),
                "reason": refund.reason,
            }
            for refund in refunds
        ],
    }


def _amount(amount: int, currency: str) -> str:
    return str(Money(amount=amount, currency=currency))


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
