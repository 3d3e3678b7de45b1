"""The key of the backups: nothing leaves this machine but encrypted by it, and bound to its own name.

Encryption is age (https://age-encryption.org/v1), so that the stock tool opens what is stored, without us. Because
age says nothing of who encrypted, or under which name, each key of an object carries a MAC of its name and its bytes:
whoever can write to a target can neither invent objects nor swap them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from pathlib import Path
from typing import ClassVar

import msgspec
import pyrage

from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_KEYED = re.compile(r"(?P<name>.+)-(?P<mac>[0-9a-f]{32})\.zst\.age")
_SECRET = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{58}")
# Twice as fast as the library's own default, and almost as small.
_LEVEL = 1
# An object holds at most this much; more is no object of ours.
PLAIN_BYTES_MAX = 64 << 20
# So many of the last characters show that somebody has the key before him.
PROOF_CHARS = 8


class KeyUnreadable(EvertillError):
    """A file or a text is not the key of backups."""

    code = "BACKUP_KEY_UNREADABLE"
    remedy = (
        "Give the key as `evertill backup key` printed it, AGE-SECRET-KEY-1 and 58 more characters: in a file"
        " (--key FILE), or by typing it (--key -)."
    )


class WrongKey(EvertillError):
    """The copies were encrypted by another key."""

    code = "BACKUP_KEY_WRONG"
    status: ClassVar[Status] = "forbidden"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Find the key of this shop, which `evertill backup key` printed when its backups began."


class Damaged(EvertillError):
    """An object is not what was stored under its name."""

    code = "BACKUP_DAMAGED"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored; the copies are as they were."
    remedy = (
        "Restore without it: --without and its name, or that of a backup that needs it (`evertill backup list`). Look"
        " after the target, and take a full backup with `evertill backup now --full`."
    )


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it goes to a target: what it is called there, and its bytes."""

    key: str
    data: bytes


class Key:
    """The key of one shop's backups."""

    def __init__(self, secret: str) -> None:
        """This function will take an age identity, such as AGE-SECRET-KEY-1…; raises KeyUnreadable."""
        found = _SECRET.search(secret.upper())
        if found is None:
            raise KeyUnreadable("This is not the key of backups.")
        try:
            self._identity = pyrage.x25519.Identity.from_str(found.group())
        except pyrage.IdentityError:
            raise KeyUnreadable("A character of the key is wrong: its checksum does not fit.") from None
        self.secret = found.group()
        self._recipient = self._identity.to_public()
        self._mac = hashlib.blake2b(self.secret.encode(), person=b"evertill backup", digest_size=32).digest()

    @property
    def recipient(self) -> str:
        """What age encrypts to. Whoever has it can encrypt, not read."""
        return str(self._recipient)

    @property
    def fingerprint(self) -> str:
        """What tells keys apart without telling them."""
        return hashlib.blake2b(self.recipient.encode(), digest_size=8).hexdigest()

    def is_proved_by(self, text: str) -> bool:
        """This function will say whether a text is the end of the key, which only who has it before him knows."""
        return hmac.compare_digest(text.strip().upper().encode(), self.secret[-PROOF_CHARS:].encode())

    def seal(self, name: str, plain: bytes) -> Sealed:
        """This function will compress and encrypt an object for one name; raises ValueError when it is too large."""
        if len(plain) > PLAIN_BYTES_MAX:
            raise ValueError(name)
        data = pyrage.encrypt(zstd.compress(plain, level=_LEVEL), [self._recipient])
        return Sealed(key=f"{name}-{self._mac_of(name, data)}.zst.age", data=data)

    def has_sealed(self, key: str, data: bytes) -> bool:
        """This function will say whether these are the bytes that were sealed under a name, without opening them."""
        found = _KEYED.fullmatch(key)
        return found is not None and hmac.compare_digest(found["mac"], self._mac_of(found["name"], data))

    def open(self, key: str, data: bytes) -> bytes:
        """This function will check, decrypt and decompress an object; raises WrongKey and Damaged."""
        found = _KEYED.fullmatch(key)
        if found is None:
            raise Damaged(f"{key} is not the name of an object of ours.", key=key)
        if not hmac.compare_digest(found["mac"], self._mac_of(found["name"], data)):
            self._raise_wrong(key, data)
        opener = zstd.ZstdDecompressor()
        try:
            plain = opener.decompress(pyrage.decrypt(data, [self._identity]), PLAIN_BYTES_MAX)
        except (pyrage.DecryptError, zstd.ZstdError) as error:
            raise Damaged(f"{key} cannot be opened: {error}.", key=key) from error
        if not opener.eof:
            raise Damaged(f"{key} is larger than anything of ours.", key=key)
        return plain

    def _mac_of(self, name: str, data: bytes) -> str:
        mac = hashlib.blake2b(key=self._mac, digest_size=16)
        mac.update(len(name.encode()).to_bytes(8, "big") + name.encode())
        mac.update(data)
        return mac.hexdigest()

    def _raise_wrong(self, key: str, data: bytes) -> None:
        try:
            pyrage.decrypt(data, [self._identity])
        except pyrage.DecryptError as error:
            if "matching" in str(error).lower():
                raise WrongKey("The copies were encrypted by another key than this one.", key=key) from None
        raise Damaged(f"{key} is not what was stored under this name.", key=key)


def new_key() -> Key:
    """This function will make a key; its randomness is age's own."""
    return Key(str(pyrage.x25519.Identity.generate()))


def read_key(path: Path) -> Key:
    """This function will read the key in a file, in the form of age's own key files; raises KeyUnreadable."""
    try:
        return Key(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise KeyUnreadable(f"The key of the backups cannot be read from {path}: {error.strerror}.") from None
    except KeyUnreadable as error:
        raise KeyUnreadable(f"{path}: {error.detail}") from None


def write_key(path: Path, key: Key) -> None:
    """This function will keep a key in a file that only its owner reads, in the form of age's own key files."""
    head = f"# Key of this shop's backups. Keep a copy far from this machine.\n# public key: {key.recipient}\n"
    write_whole(path=path, text=f"{head}{key.secret}\n")
