"""File a claim: somebody says what has gone wrong, with the clues that he has; the shop looks at once.

What he is told depends on what he has proved, never on what was found (`view_claim.py`). So filing with somebody else's
address tells nothing, not even whether there is anything.
"""

from __future__ import annotations

import datetime as dt
import secrets

import msgspec
import structlog

from evertill.domains import claims, identity
from evertill.domains.claims import About, Clues, NewClaim, Proofs
from evertill.domains.identity import Allowed, Session
from evertill.journeys.find_claimed import search_claim
from evertill.journeys.verify_receipt import NotAReceipt, OtherShop, ReceiptAltered, ReceiptTooBig, verify_receipt
from evertill.kernel import config, contacts, crypto, db, ids, money
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX

__all__ = [
    "About",
    "AskedClaim",
    "ClaimInvalid",
    "ClaimKeyReused",
    "ClaimsLimited",
    "CluesMissing",
    "ContactInvalid",
    "Filed",
    "NotAReceipt",
    "OtherShop",
    "ReceiptAltered",
    "ReceiptTooBig",
    "file_claim",
]

_log = structlog.get_logger("evertill.claims")
_HOUR_S = 3600
_NUMBER_CHARS, _REFERENCE_CHARS, _WORDS_CHARS = 40, 128, 1000
_PHONE_CHARS = 20


class CluesMissing(EvertillError):
    """There is nothing to look for."""

    code = "CLUES_MISSING"
    remedy = "Give at least one clue: the receipt, a number, an address, or the day and the amount."


class ContactInvalid(EvertillError):
    """Where the answer is to go is no email address and no telephone number."""

    code = "CONTACT_INVALID"
    remedy = "Give an email address, or a telephone number with its country."


class ClaimInvalid(EvertillError):
    """A clue cannot be what it is said to be."""

    code = "CLAIM_INVALID"


class ClaimsLimited(EvertillError):
    """Too many claims were filed from here, or wait for an answer to the same address."""

    code = "CLAIMS_LIMITED"
    status = "busy"
    kept = "The claims that were filed are kept, and are being looked at."
    remedy = "Open the one that you filed, or come back in an hour."


class ClaimKeyReused(EvertillError):
    """The Idempotency-Key belongs to another claim."""

    code = "IDEMPOTENCY_KEY_REUSED"
    kept = "The claim that was filed under it first."
    remedy = "Use a new key for a new claim, and the same one only to send the same again."


class AskedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody hands in, as he typed it. `amount` is in minor units of `currency`.

    `receipt` is the text of the receipt's file or of its code. `contact` is where the answer goes, and "" for an
    account that has an address.
    """

    about: About
    contact: str
    receipt: str = ""
    number: str = ""
    reference: str = ""
    email: str = ""
    phone: str = ""
    amount: int | None = None
    currency: str = ""
    date: dt.date | None = None
    words: str = ""
    language: str = ""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that was filed, and the token that opens it for whoever filed it."""

    id: int
    number: str
    token: str
    is_repeat: bool = False


class _Taken(Exception):
    """Somebody else has just filed under the same key; raised so that nothing of this one is kept."""


def file_claim(*, asked: AskedClaim, session: Session | None, caller: str, key: bytes = b"", now: dt.datetime) -> Filed:
    """This function will keep a claim and look for what it is about.

    `caller` is from where it comes, for its limits. Under a `key` that is sent again with the same it is one claim;
    with anything else that raises ClaimKeyReused. Raises CluesMissing, ContactInvalid, ClaimInvalid, ClaimsLimited,
    what is wrong with a receipt (NotAReceipt, ReceiptTooBig, ReceiptAltered, OtherShop), and what db.write raises.
    """
    if key and (before := _before(key, asked)) is not None:
        return before
    clues, contact = _understood(asked, now=now), _contact(asked.contact)
    account_id = session.account_id if session is not None else None
    proofs = Proofs(account_id=account_id, order_id=_order_of(clues.receipt))
    (claim_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = NewClaim(
        id=claim_id,
        about=asked.about,
        clues=clues,
        contact=contact,
        words=asked.words.strip()[:_WORDS_CHARS],
        language=asked.language,
        account_id=account_id,
        filed_at=now,
    )
    try:
        with db.write():
            _check_limits(contact=contact, caller=caller, is_proved=not proofs.is_empty, now=now)
            _bind(key, asked, claim_id=claim_id)
            claims.operations.file(new=new, proofs=proofs, actor="customer")
    except _Taken:
        before = _before(key, asked)
        assert before is not None  # noqa: S101 — it was committed, or the insert would still be waiting.
        return before
    _look(claim_id, now=now)
    return _filed(claim_id)


def _filed(claim_id: int, *, is_repeat: bool = False) -> Filed:
    token = claims.claim_token(claim_id)
    return Filed(id=claim_id, number=ids.to_number(claim_id), token=token, is_repeat=is_repeat)


def _before(key: bytes, asked: AskedClaim) -> Filed | None:
    found = claims.queries.find_key(key=_digest(key))
    if found is None:
        return None
    claim_id, body = found
    if body != _body(asked):
        raise ClaimKeyReused("Another claim was filed under this Idempotency-Key.")
    return _filed(claim_id, is_repeat=True)


def _bind(key: bytes, asked: AskedClaim, *, claim_id: int) -> None:
    if key and not claims.operations.keep_key(key=_digest(key), body=_body(asked), claim_id=claim_id):
        raise _Taken


def _digest(key: bytes) -> bytes:
    return crypto.fingerprint(b"claim", key)


def _body(asked: AskedClaim) -> bytes:
    return crypto.fingerprint(msgspec.json.encode(asked))


def _look(claim_id: int, *, now: dt.datetime) -> None:
    """Look at once; when the database has no time for it now, the job does so in a minute."""
    try:
        search_claim(claim_id=claim_id, now=now)
    except (db.DatabaseUnavailable, db.OutcomeUnknown) as error:
        _log.warning("claim not looked into yet", claim=ids.to_number(claim_id), why=error.code)


def _check_limits(*, contact: str, caller: str, is_proved: bool, now: dt.datetime) -> None:
    limits = config.get()
    allowed = Allowed(kind="claims-caller", most=limits.claims_per_hour, window_s=_HOUR_S)
    if not identity.allowances.take(allowed=allowed, key=caller, now=now):
        raise ClaimsLimited("Too many claims were filed from here.")
    # Anybody can name an address: who has proved something is not kept out by those who only did that.
    if not is_proved and claims.queries.count_open_of(contact=contact) >= limits.claims_open_max:
        raise ClaimsLimited("Claims of this address wait for an answer already.")


def _understood(asked: AskedClaim, *, now: dt.datetime) -> Clues:
    clues = Clues(
        receipt=asked.receipt.strip(),
        number=_line(asked.number, _NUMBER_CHARS),
        reference=_line(asked.reference, _REFERENCE_CHARS),
        email=contacts.spell_email(asked.email)[: contacts.EMAIL_CHARS_MAX],
        phone=_phone(asked.phone),
        amount=asked.amount,
        currency=asked.currency if asked.amount is not None else "",
        date=asked.date,
    )
    if clues.is_empty:
        raise CluesMissing("There is no clue.")
    if clues.amount is not None and not 0 <= clues.amount <= AMOUNT_MAX:
        raise ClaimInvalid("An amount is not below nothing.")
    if clues.currency and not money.is_currency(clues.currency):
        raise ClaimInvalid("A currency has three capital letters.")
    if clues.date is not None and not dt.date(2000, 1, 1) <= clues.date <= now.date() + dt.timedelta(days=1):
        raise ClaimInvalid("The day lies in the future, or too far back.")
    return clues


def _line(text: str, chars: int) -> str:
    return "".join(sign for sign in text.strip()[:chars] if sign.isprintable())


def _phone(text: str) -> str:
    """A number as E.164 has it, or the digits of a part of one."""
    try:
        return contacts.read_phone(text, region=config.get().phone_region)
    except contacts.InvalidPhone:
        return "".join(sign for sign in text if sign.isdigit() and sign.isascii())[:_PHONE_CHARS]


def _contact(text: str) -> str:
    plain = text.strip()
    if contacts.is_email(plain):
        return contacts.spell_email(plain)
    try:
        return contacts.read_phone(plain, region=config.get().phone_region)
    except contacts.InvalidPhone:
        raise ContactInvalid("Nobody can be answered there.") from None


def _order_of(receipt: str) -> int | None:
    """The order that a genuine receipt is of: whoever has it has had the order's page."""
    return verify_receipt(text=receipt).receipt.order_id if receipt else None
