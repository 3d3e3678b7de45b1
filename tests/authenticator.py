"""A device that keeps passkeys, in software, and the browser before it: as honest as they are, or lying in any field.

Nothing in here comes from the shop or from its library: CBOR, COSE and the frames of WebAuthn are written once more, by
https://www.w3.org/TR/webauthn-3/ and RFC 8949.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80

_Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(slots=True, kw_only=True)
class Kept:
    """A passkey on the device."""

    credential_id: bytes
    key: _Key
    handle: bytes
    count: int = 0


@dataclass(slots=True, kw_only=True)
class Lies:
    """What is to be said instead of the truth; None is the truth."""

    # In what the browser signs for.
    type: str | None = None
    challenge: bytes | None = None
    origin: str | None = None
    cross_origin: bool | None = None
    top_origin: str | None = None
    client_data: bytes | None = None
    # In what the device says of itself.
    rp_id: str | None = None
    flags: int | None = None
    count: int | None = None
    credential_id: bytes | None = None
    cose: Any = None
    extensions: Any = None
    authenticator_data: Callable[[bytes], bytes] | None = None
    # About the whole.
    format: Any = None
    statement: Any = None
    attestation: Callable[[bytes], bytes] | None = None
    key: _Key | None = None
    signature: Callable[[bytes], bytes] | None = None
    handle: bytes | None = None
    is_discoverable: bool | None = True
    answer: Callable[[dict[str, Any]], Any] | None = None


@dataclass(slots=True, kw_only=True)
class Authenticator:
    """One device in one browser at one address."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    algorithm: int = ES256
    # A device that counts says how often it has signed; one that does not always says 0.
    counts: bool = False
    is_synced: bool = False
    kept: list[Kept] = field(default_factory=list)

    def make(self, options: str, **lies: Any) -> str:
        """A new passkey, as `navigator.credentials.create()` and `toJSON()` answer."""
        asked, lie = json.loads(options), Lies(**lies)
        if any(_bytes(known["id"]) in self._ids() for known in asked["excludeCredentials"]):
            raise AlreadyKept
        assert self.algorithm in [each["alg"] for each in asked["pubKeyCredParams"]]
        passkey = Kept(
            credential_id=lie.credential_id or secrets.token_bytes(32),
            key=new_key(self.algorithm),
            handle=_bytes(asked["user"]["id"]),
        )
        client_data = self._client_data("webauthn.create", asked["challenge"], lie)
        cose = cbor(cose_of(passkey.key)) if lie.cose is None else cbor(lie.cose)
        attested = bytes(16) + struct.pack(">H", len(passkey.credential_id)) + passkey.credential_id + cose
        data = self._authenticator_data(AT, attested, passkey, lie)
        attestation = cbor(
            {
                "fmt": "none" if lie.format is None else lie.format,
                "attStmt": {} if lie.statement is None else lie.statement,
                "authData": data,
            }
        )
        if lie.attestation:
            attestation = lie.attestation(attestation)
        self.kept.append(passkey)
        properties = {} if lie.is_discoverable is None else {"credProps": {"rk": lie.is_discoverable}}
        return self._said(
            passkey,
            {
                "clientDataJSON": text(client_data),
                "attestationObject": text(attestation),
                "transports": ["internal", "hybrid"],
                "publicKeyAlgorithm": self.algorithm,
            },
            properties,
            lie,
        )

    def use(self, options: str, *, passkey: Kept | None = None, **lies: Any) -> str:
        """A passkey used, as `navigator.credentials.get()` and `toJSON()` answer."""
        asked, lie = json.loads(options), Lies(**lies)
        used = passkey or self.kept[-1]
        if self.counts:
            used.count += 1
        client_data = self._client_data("webauthn.get", asked["challenge"], lie)
        data = self._authenticator_data(0, b"", used, lie)
        signature = sign(lie.key or used.key, data + hashlib.sha256(client_data).digest())
        if lie.signature:
            signature = lie.signature(signature)
        handle = used.handle if lie.handle is None else lie.handle
        response = {
            "clientDataJSON": text(client_data),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": text(handle),
        }
        return self._said(used, response, {}, lie)

    def _ids(self) -> list[bytes]:
        return [passkey.credential_id for passkey in self.kept]

    def _client_data(self, kind: str, challenge: str, lie: Lies) -> bytes:
        if lie.client_data is not None:
            return lie.client_data
        told: dict[str, Any] = {
            "type": lie.type or kind,
            "challenge": challenge if lie.challenge is None else text(lie.challenge),
            "origin": lie.origin or self.origin,
            "crossOrigin": bool(lie.cross_origin),
        }
        if lie.top_origin is not None:
            told["topOrigin"] = lie.top_origin
        return json.dumps(told, separators=(",", ":")).encode()

    def _authenticator_data(self, more: int, attested: bytes, passkey: Kept, lie: Lies) -> bytes:
        honest = UP | UV | more | (BE | BS if self.is_synced else 0) | (0 if lie.extensions is None else ED)
        data = hashlib.sha256((lie.rp_id or self.rp_id).encode()).digest()
        data += struct.pack(
            ">BI", honest if lie.flags is None else lie.flags, passkey.count if lie.count is None else lie.count
        )
        data += attested + (b"" if lie.extensions is None else cbor(lie.extensions))
        return lie.authenticator_data(data) if lie.authenticator_data else data

    def _said(self, passkey: Kept, response: dict[str, Any], extensions: dict[str, Any], lie: Lies) -> str:
        credential_id = text(lie.credential_id or passkey.credential_id)
        told = {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
        }
        said = lie.answer(told) if lie.answer else told
        return said if isinstance(said, str) else json.dumps(said)


class AlreadyKept(Exception):
    """The device has a passkey for this user already, as the shop itself told it."""


def new_key(algorithm: int) -> _Key:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def cose_of(key: _Key) -> dict[int, Any]:
    """The public half of a key as COSE (RFC 9052, RFC 9053, RFC 8812)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = key.public_key().public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
    public = key.public_key().public_numbers()
    return {
        1: 3,
        3: RS256,
        -1: public.n.to_bytes(-(-public.n.bit_length() // 8), "big"),
        -2: public.e.to_bytes(3, "big"),
    }


def sign(key: _Key, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def cbor(value: Any) -> bytes:  # noqa: PLR0911 — one for each kind.
    """A value as CBOR; bytes in a `Raw` go out as they are."""
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(cbor(item) for item in value)
    assert isinstance(value, dict), value
    return _head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())


@dataclass(frozen=True, slots=True)
class Raw:
    """CBOR, or what is to be taken for it."""

    data: bytes


def _head(major: int, value: int) -> bytes:
    for more, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < limit:
            return bytes([major << 5 | more]) + struct.pack(form, value)
    return bytes([major << 5 | 27]) + struct.pack(">Q", value)


def text(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(data: str) -> bytes:
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
