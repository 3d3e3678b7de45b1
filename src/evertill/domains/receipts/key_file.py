"""The public keys as a file: the API answers it, `evertill receipts key` prints it, and it checks receipts offline."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterable

import msgspec

from evertill.domains.receipts import rules
from evertill.domains.receipts.types import PublicKey
from evertill.kernel.errors import EvertillError

FILE_BYTES_MAX = 1 << 20
_KEY_BYTES = 32


class KeyTold(msgspec.Struct, frozen=True):
    """A public key (Ed25519, RFC 8032) of 32 bytes in base64url, and by which id receipts name it."""

    id: str
    algorithm: str
    public_key: str
    made_at: dt.datetime


class KeysTold(msgspec.Struct, frozen=True):
    """The keys with which a shop signed receipts, the newest last."""

    keys: list[KeyTold]


class NotAKeyFile(EvertillError):
    """A file holds no public keys of a shop."""

    code = "NOT_A_KEY_FILE"
    remedy = "Take it from the shop: `evertill receipts key`, or /api/v1/receipts/keys over HTTPS."


def tell(keys: Iterable[PublicKey]) -> KeysTold:
    """This function will return keys as they are published."""
    return KeysTold(
        [KeyTold(_hex(key.id), "Ed25519", base64.urlsafe_b64encode(key.public).decode(), key.made_at) for key in keys]
    )


def read(content: bytes) -> dict[int, bytes]:
    """This function will read what `tell` told, in JSON, as public keys by their ids; raises NotAKeyFile."""
    if len(content) > FILE_BYTES_MAX:
        raise NotAKeyFile(f"This is no key file: it has more than {FILE_BYTES_MAX >> 20} MiB.")
    try:
        told = msgspec.json.decode(content, type=KeysTold)
        publics = [base64.b64decode(key.public_key, altchars=b"-_", validate=True) for key in told.keys]
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError) as error:
        raise NotAKeyFile("This is no file with a shop's public keys.") from error
    if not publics or any(len(public) != _KEY_BYTES for public in publics):
        raise NotAKeyFile("This file holds no public keys that could have signed a receipt.")
    # By what they are and not by what the file calls them.
    return {rules.key_id_of(public): public for public in publics}


def _hex(key_id: int) -> str:
    return key_id.to_bytes(8, "big", signed=True).hex()
