"""Codes on their way through a page: encrypted, for one session and one SKU, for a quarter of an hour."""

from __future__ import annotations

import base64
import zlib

from django.core import signing

from evertill.kernel import crypto
from evertill.kernel.errors import EvertillError

_PURPOSE, _SALT = "codes in a page", "evertill.codes"
_OPEN_S = 900


class CodesOutdated(EvertillError):
    """A preview of codes is too old, or was made for somebody else or for another SKU."""

    code = "CODES_OUTDATED"
    status = "conflict"
    remedy = "Paste the codes again."


def seal(content: bytes, *, session_id: int, sku: str) -> str:
    """This function will write codes so that a page can carry them and nobody can read them."""
    stored = crypto.encrypt(zlib.compress(content), key=crypto.derive_key(_PURPOSE), place=_place(session_id, sku))
    return signing.TimestampSigner(salt=_SALT).sign(base64.urlsafe_b64encode(stored).decode())


def unseal(text: str, *, session_id: int, sku: str) -> bytes:
    """This function will read sealed codes; raises CodesOutdated."""
    try:
        stored = base64.urlsafe_b64decode(signing.TimestampSigner(salt=_SALT).unsign(text, max_age=_OPEN_S))
        return zlib.decompress(crypto.decrypt(stored, key=crypto.derive_key(_PURPOSE), place=_place(session_id, sku)))
    except (signing.BadSignature, crypto.Unreadable, ValueError):
        raise CodesOutdated("This preview is too old, or is not yours.") from None


def _place(session_id: int, sku: str) -> crypto.Place:
    return crypto.Place(table="page", column=sku, row=session_id)
