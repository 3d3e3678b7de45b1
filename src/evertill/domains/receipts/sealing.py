"""The shop's signing keys: derived from its one secret, never stored; their public halves are.

So every node has the newest at once, a restored shop signs on with what it signed with before, and who has the database
alone can sign nothing. A new secret, or a rotation, makes a new key, which vouches for those before it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evertill.domains.receipts import queries, rules
from evertill.domains.receipts.types import PublicKey
from evertill.kernel import crypto, db, sql

_HERE = "evertill.domains.receipts"
_CONTACT = "receipts-contact"
# For so long a process goes on with a key before it looks for a newer one.
_FRESH = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key that signs, with its public half as it stands in the table or will."""

    key: PublicKey
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """This function will sign a message: Ed25519, 64 bytes."""
        return self.private.sign(message)


_lock = threading.Lock()
_kept: tuple[dt.datetime, Signer] | None = None


def signer(*, now: dt.datetime) -> Signer:
    """This function will return the key that signs, the newest of this secret's; looked up anew once a minute.

    It is made when there is none: at a shop's first start, and when its secret is another one than before.
    """
    global _kept  # noqa: PLW0603 — one for the process, like its connections.
    kept = _kept
    if kept is not None and abs(now - kept[0]) < _FRESH:
        return kept[1]
    with _lock, db.write():
        known = queries.read_keys()
        found = _newest(known, now=now)
        if found.key not in known:
            add_key(found.key)
        _kept = now, found
    return found


def forget_signer() -> None:
    """This function will have this process look up its key anew, as after a rotation."""
    global _kept  # noqa: PLW0603 — as above.
    _kept = None


def rotate(*, now: dt.datetime) -> PublicKey:
    """This function will make a new key, with which every process signs within a minute, and return its public half."""
    known = queries.read_keys()
    made = _make(known, now=now)
    add_key(made.key)
    forget_signer()
    return made.key


def add_key(key: PublicKey) -> None:
    """This function will keep a public key, unless it is kept already."""
    db.execute(sql.load(_HERE, "add_key"), (key.id, key.generation, key.public, key.made_at, key.vouched))


def is_own(key: PublicKey, *, secret: bytes | None = None) -> bool:
    """This function will say whether a key is derived from the shop's secret, or from another one."""
    return _public(_derive(key.generation, secret=secret)) == key.public


def trusted_keys() -> list[PublicKey]:
    """This function will return the keys by which receipts are believed, the first first.

    Who has the database can put another key among them. It is not believed: nobody vouches for it who has the secret.
    """
    return trusted_of(queries.read_keys())


def trusted_of(known: Sequence[PublicKey]) -> list[PublicKey]:
    """This function will return those of all keys that are believed.

    A new secret has no key yet by which they could be told apart, and takes over all, as its first key will.
    """
    if not any(is_own(key) for key in known):
        return list(known)
    trusted = rules.trusted(known, own=is_own)
    return [key for key in known if key.id in trusted]


def contact_digest(*, order_id: int, email: str, phone: str, secret: bytes | None = None) -> bytes:
    """This function will return the digest by which receipts tell a contact: see rules.digest_contact."""
    key = crypto.derive_key(_CONTACT, secret=secret)
    return rules.digest_contact(key=key, order_id=order_id, email=email, phone=phone)


def _newest(known: Sequence[PublicKey], *, now: dt.datetime) -> Signer:
    for key in reversed(known):
        private = _derive(key.generation)
        if _public(private) == key.public:
            return Signer(key=key, private=private)
    return _make(known, now=now)


def _make(known: Sequence[PublicKey], *, now: dt.datetime) -> Signer:
    generation = known[-1].generation + 1 if known else 1
    private = _derive(generation)
    public = _public(private)
    bare = PublicKey(id=rules.key_id_of(public), generation=generation, public=public, made_at=now, vouched=b"")
    vouched = private.sign(rules.vouching_message([*trusted_of(known), bare]))
    key = PublicKey(id=bare.id, generation=generation, public=public, made_at=now, vouched=vouched)
    return Signer(key=key, private=private)


def _derive(generation: int, *, secret: bytes | None = None) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(crypto.derive_key(f"receipts:{generation}", secret=secret))


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()
