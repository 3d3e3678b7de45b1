"""Secrets: derived from the shop's one secret, compared in constant time, never stored in the clear."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evertill.kernel import config

# 128 bits: as long as a key that nobody can guess, and short enough to read over the telephone in an emergency.
TOKEN_BYTES = 16


@lru_cache(maxsize=64)
def derive_key(purpose: str) -> bytes:
    """This function will derive 32 bytes for one purpose from the shop's secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"evertill:" + purpose.encode()).derive(
        config.get().secret
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
