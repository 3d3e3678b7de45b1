"""A draft: the order exactly as a visitor reviews it, sealed into the form, with the key that makes it count once.

What is placed is what was shown, however the cart has changed in another tab since; and however often the form is sent
(pressed twice, gone back to, loaded again after the line was cut), its key is the same, and so is the order.

The key also lies in a cookie beside the cart until something is ordered under it. Whoever never got the answer, and
comes back by way of the cart, sends the same key again and finds the order that there is.
"""

from __future__ import annotations

import datetime as dt
import secrets

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse

from evertill.entry.pages import cookies, references
from evertill.entry.shop.consent import Consent
from evertill.entry.shop.wares import Shown
from evertill.journeys.keep_submission import Failed, Wanted
from evertill.journeys.place_orders import AskedLine, PlaceOrder, digest_key
from evertill.kernel import crypto

_SALT, _KEY_SALT = "evertill.draft", "evertill.draft-key"
_COOKIE = "draft"
# Whoever looks at his cart for longer reviews it once more; the key of a placed order is kept for ever.
_OPEN_S = 86400
# Keys of pages and of programs are never the same.
_CALLER = "page"


class Key(msgspec.Struct, frozen=True):
    """An Idempotency-Key of a visitor's, and what support finds his checkout by, should it fail."""

    text: str
    reference: int

    @property
    def digest(self) -> bytes:
        return digest_key(caller=_CALLER, key=self.text.encode())


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is under review; `total` in minor units is what the visitor agrees to.

    `goods` are the lines as he sees them, and `consent` what else he agrees to. Those that a release before this one
    drafted have neither.
    """

    key: str
    lines: dict[str, int]
    currency: str
    total: int
    reference: int = 0
    goods: tuple[Wanted, ...] = ()
    consent: Consent | None = None


class DraftStale(Exception):
    """A text is not a draft of this shop, or was open for longer than a day."""


def read_key(request: HttpRequest) -> Key | None:
    """This function will return the key under which this browser has reviewed and, as far as it knows, not ordered."""
    kept = cookies.read(request, _COOKIE)
    try:
        return msgspec.convert(signing.loads(kept, salt=_KEY_SALT, max_age=_OPEN_S), Key) if kept else None
    except (signing.BadSignature, msgspec.ValidationError):
        return None


def keep_key(answer: HttpResponse, drafted: Draft) -> HttpResponse:
    """This function will have the browser keep a draft's key, until something is ordered under it."""
    key = Key(drafted.key, drafted.reference)
    cookies.keep(answer, _COOKIE, signing.dumps(msgspec.to_builtins(key), salt=_KEY_SALT), max_age_s=_OPEN_S)
    return answer


def drop_key(answer: HttpResponse) -> HttpResponse:
    """This function will have the browser forget the key: the next order is another one."""
    cookies.drop(answer, _COOKIE)
    return answer


def draft(shown: Shown, *, key: Key | None) -> Draft:
    """This function will draft an order of what is shown, under the key that is kept or else under a new one."""
    key = key or Key(secrets.token_urlsafe(18), references.new())
    return Draft(
        key=key.text,
        lines={line.sku: line.quantity for line in shown.lines},
        currency=shown.currency,
        total=shown.amount,
        reference=key.reference,
        goods=tuple(
            Wanted(sku=line.sku, title=line.name, quantity=line.quantity, unit_price=line.unit_price)
            for line in shown.lines
        ),
    )


def seal(drafted: Draft) -> str:
    """This function will write a draft so that only this shop can have written it."""
    return signing.dumps(msgspec.to_builtins(drafted), salt=_SALT, compress=True)


def unseal(text: str) -> Draft:
    """This function will read a sealed draft; raises DraftStale."""
    try:
        return msgspec.convert(signing.loads(text, salt=_SALT, max_age=_OPEN_S), Draft)
    except (signing.BadSignature, msgspec.ValidationError):
        raise DraftStale from None


def agreeing(drafted: Draft, words: Consent) -> Draft:
    """This function will return a draft whose visitor reads these words beside the button."""
    return msgspec.structs.replace(drafted, consent=words)


def ask(drafted: Draft, *, email: str, phone: str, language: str, account_id: int | None) -> PlaceOrder:
    """This function will make the request for an order out of its draft.

    Language and account are no part of what makes it the same request: whoever signs in, or changes the language, and
    presses again means the same order.
    """
    reached = [email, phone] if phone else [email]
    said = msgspec.json.encode((list(drafted.lines.items()), drafted.currency, drafted.total, *reached))
    return PlaceOrder(
        key_digest=Key(drafted.key, drafted.reference).digest,
        body_digest=crypto.fingerprint(said),
        lines=[AskedLine(sku=sku, quantity=quantity) for sku, quantity in drafted.lines.items()],
        currency=drafted.currency,
        email=email,
        phone=phone,
        language=language,
        account_id=account_id,
        expected_total=drafted.total,
    )


def failed(drafted: Draft, asked: PlaceOrder, *, code: str, now: dt.datetime) -> Failed | None:
    """This function will return what is to be kept of a draft that could not be placed; None without consent."""
    if drafted.consent is None or not drafted.goods:
        return None
    return Failed(
        id=drafted.reference,
        key_digest=asked.key_digest,
        body_digest=asked.body_digest,
        code=code,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        account_id=asked.account_id,
        currency=drafted.currency,
        total=drafted.total,
        lines=drafted.goods,
        consent_version=drafted.consent.version,
        consent_text=drafted.consent.text,
        failed_at=now,
        remove_at=now + dt.timedelta(days=drafted.consent.days),
    )
