"""Secrets: derived from the shop's one secret, compared in constant time, never stored in the clear."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evertill.kernel import config

# 128 bits: as long as a key that nobody can guess, and short enough to read over the telephone in an emergency.
TOKEN_BYTES = 16
KEY_BYTES = 32
# What NIST SP 800-38D calls for; a key that encrypts far fewer than 2³² texts may draw it at random (section 8.3).
_NONCE_BYTES = 12
_FORM = b"\x01"


class Unreadable(Exception):
    """What was stored is not what was encrypted there: another key, another place, or it was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an encrypted value stands. It opens nowhere else."""

    table: str
    column: str
    row: int


@lru_cache(maxsize=64)
def derive_key(purpose: str, *, secret: bytes | None = None) -> bytes:
    """This function will derive 32 bytes for one purpose from the shop's secret (HKDF-SHA256, RFC 5869).

    `secret` is another one: what the shop had before.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"evertill:" + purpose.encode()).derive(
        config.get().secret if secret is None else secret
    )


def seal(message: bytes, *, purpose: str) -> str:
    """This function will return a URL-safe token of 22 characters that only the shop's secret can make.

    It is keyed BLAKE2b, a MAC by its definition (RFC 7693, section 2.9), at a quarter of an HMAC's price.
    """
    digest = hashlib.blake2b(message, key=derive_key(purpose), digest_size=TOKEN_BYTES).digest()
    return base64.b64encode(digest, b"-_")[:22].decode()


def mac(*parts: bytes, purpose: str) -> bytes:
    """This function will return 256 bits over length-framed parts that only the shop's secret can make (as `seal`)."""
    framed = b"".join([len(part).to_bytes(8, "big") + part for part in parts])
    return hashlib.blake2b(framed, key=derive_key(purpose), digest_size=32).digest()


def equal(left: str, right: str) -> bool:
    """This function will compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def fingerprint(*parts: bytes) -> bytes:
    """This function will return 128 bits of BLAKE2b over length-framed parts, the 16 bytes of a UUID column."""
    framed = b"".join([len(part).to_bytes(8, "big") + part for part in parts])
    return hashlib.blake2b(framed, digest_size=16).digest()


def new_secret(prefix: str) -> str:
    """This function will return a new secret of 256 random bits behind a prefix that leak scanners can recognise."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def encrypt(
    plain: bytes, *, key: bytes, place: Place, randbytes: Callable[[int], bytes] = secrets.token_bytes
) -> bytes:
    """This function will encrypt a value for one place by AES-256-GCM: form (1 byte), nonce (12), text, tag (16)."""
    nonce = randbytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, _bound_to(place))


def decrypt(stored: bytes, *, key: bytes, place: Place) -> bytes:
    """This function will decrypt what `encrypt` made for this place; raises Unreadable."""
    nonce, text = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
    if stored[:1] != _FORM or len(nonce) != _NONCE_BYTES:
        raise Unreadable(f"What {place.table}.{place.column} keeps was not encrypted in a form that is known here.")
    try:
        return AESGCM(key).decrypt(nonce, text, _bound_to(place))
    except InvalidTag:
        raise Unreadable(f"What {place.table}.{place.column} keeps does not open with its key in its row.") from None


def _bound_to(place: Place) -> bytes:
    parts = [_FORM, place.table.encode(), place.column.encode(), str(place.row).encode()]
    return b"".join([len(part).to_bytes(8, "big") + part for part in parts])
