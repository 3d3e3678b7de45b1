"""WebAuthn answers of a browser (https://www.w3.org/TR/webauthn-3/): read strictly, and checked step by step. Pure.

`fido2` reads the structures and verifies the signatures. Its server is not used, because it leaves to its caller what
matters most here: algorithms, sign counts, frames of other sites, user handles. Before it reads anything, the answer's
size and form are checked, since its readers take a byte string that is cut short for a shorter one, nest as deep as
they are asked to, and make as many bytes of a number.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

# What a key may be of, the best first. RS256 is what Windows Hello has on older machines.
ALGORITHMS: tuple[int, ...] = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
CHALLENGE_BYTES, HANDLE_BYTES = 32, 32
# Section 4, credential ID.
_CREDENTIAL_ID_BYTES_MAX = 1023
_TRANSPORTS = ("usb", "nfc", "ble", "hybrid", "internal")
_RSA_BITS, _RSA_EXPONENT = range(2048, 4097), 65537
_COORDINATE_BYTES = 32
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_FLAGS = AuthenticatorData.FLAG
# CTAP2 allows four levels; attestation statements of before had them too.
_CBOR_DEPTH_MAX, _CBOR_ITEMS_MAX = 4, 200
_READING = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)


class Refusal(StrEnum):
    """Why an answer is not believed."""

    TOO_LARGE = "TOO_LARGE"
    NOT_JSON = "NOT_JSON"
    WRONG_FORM = "WRONG_FORM"
    NOT_BASE64 = "NOT_BASE64"
    IDS_DIFFER = "IDS_DIFFER"
    BAD_CLIENT_DATA = "BAD_CLIENT_DATA"
    WRONG_TYPE = "WRONG_TYPE"
    WRONG_ORIGIN = "WRONG_ORIGIN"
    CROSS_ORIGIN = "CROSS_ORIGIN"
    CHALLENGE_UNKNOWN = "CHALLENGE_UNKNOWN"
    CHALLENGE_EXPIRED = "CHALLENGE_EXPIRED"
    CHALLENGE_USED = "CHALLENGE_USED"
    CHALLENGE_MISUSED = "CHALLENGE_MISUSED"
    BAD_CBOR = "BAD_CBOR"
    BAD_AUTHENTICATOR_DATA = "BAD_AUTHENTICATOR_DATA"
    WRONG_RP = "WRONG_RP"
    USER_ABSENT = "USER_ABSENT"
    USER_NOT_VERIFIED = "USER_NOT_VERIFIED"
    BAD_BACKUP_FLAGS = "BAD_BACKUP_FLAGS"
    CREDENTIAL_MISSING = "CREDENTIAL_MISSING"
    BAD_CREDENTIAL_ID = "BAD_CREDENTIAL_ID"
    WRONG_ALGORITHM = "WRONG_ALGORITHM"
    BAD_KEY = "BAD_KEY"
    NOT_DISCOVERABLE = "NOT_DISCOVERABLE"
    CREDENTIAL_KNOWN = "CREDENTIAL_KNOWN"
    CREDENTIAL_UNKNOWN = "CREDENTIAL_UNKNOWN"
    OTHER_ACCOUNT = "OTHER_ACCOUNT"
    HANDLE_DIFFERS = "HANDLE_DIFFERS"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    COUNT_NOT_GROWN = "COUNT_NOT_GROWN"
    SUSPECTED = "SUSPECTED"


class Refused(Exception):
    """An answer is not believed, for this reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who asks: the host that passkeys are bound to, the one origin that they may be used at, and its name."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a browser says of a new passkey. Nothing of it is checked yet but its form."""

    client_data: bytes
    challenge: bytes
    credential_id: bytes
    attestation: bytes
    transports: tuple[str, ...]
    # What the browser says about whether the passkey names its user by itself; None: it does not say.
    is_discoverable: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a browser says of a passkey that was used. Nothing of it is checked yet but its form."""

    client_data: bytes
    challenge: bytes
    credential_id: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the authenticator says of itself and its user, in data that it signs."""

    sign_count: int
    is_backup_eligible: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A new passkey that was checked: its id, its key as COSE, and what is kept beside them."""

    credential_id: bytes
    public_key: bytes
    aaguid: bytes
    transports: tuple[str, ...]
    flags: Flags


class _ClientData(msgspec.Struct, rename="camel"):
    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


class _CredentialProperties(msgspec.Struct):
    rk: bool | None = None


class _Extensions(msgspec.Struct, rename="camel"):
    cred_props: _CredentialProperties | None = None


class _Created(msgspec.Struct, rename="camel"):
    client_data: str = msgspec.field(name="clientDataJSON")
    attestation_object: str
    transports: list[str] = []


class _Got(msgspec.Struct, rename="camel"):
    client_data: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class _Registration(msgspec.Struct, rename="camel"):
    id: str
    raw_id: str
    type: Literal["public-key"]
    response: _Created
    client_extension_results: _Extensions = msgspec.field(default_factory=_Extensions)


class _Assertion(msgspec.Struct, rename="camel"):
    id: str
    raw_id: str
    type: Literal["public-key"]
    response: _Got


def read_registration(text: bytes, *, bytes_max: int) -> Registration:
    """This function will read RegistrationResponseJSON, as `toJSON()` of the browser gives it; raises Refused."""
    told: _Registration = _decode(text, _Registration, bytes_max=bytes_max)
    client_data, challenge = _read_client_data(told.response.client_data, wanted="webauthn.create")
    properties = told.client_extension_results.cred_props
    return Registration(
        client_data=client_data,
        challenge=challenge,
        credential_id=_id_of(told.id, told.raw_id),
        attestation=_base64(told.response.attestation_object),
        transports=tuple(name for name in _TRANSPORTS if name in told.response.transports),
        is_discoverable=None if properties is None else properties.rk,
    )


def read_assertion(text: bytes, *, bytes_max: int) -> Assertion:
    """This function will read AuthenticationResponseJSON, as `toJSON()` of the browser gives it; raises Refused."""
    told: _Assertion = _decode(text, _Assertion, bytes_max=bytes_max)
    client_data, challenge = _read_client_data(told.response.client_data, wanted="webauthn.get")
    return Assertion(
        client_data=client_data,
        challenge=challenge,
        credential_id=_id_of(told.id, told.raw_id),
        authenticator_data=_base64(told.response.authenticator_data),
        signature=_base64(told.response.signature),
        user_handle=_base64(told.response.user_handle or ""),
    )


def check_registration(registration: Registration, *, party: Party) -> Credential:
    """This function will check a new passkey whose challenge was taken (section 7.1); raises Refused.

    Attestation is not asked for and not looked at: whoever makes a passkey may make it with what he likes.
    """
    _check_client_data(registration.client_data, party=party)
    _check_cbor(registration.attestation)
    try:
        told: Any = cbor.decode(registration.attestation)
        authenticator_data, _format, _statement = told["authData"], told["fmt"] + "", dict(told["attStmt"])
    except _READING:
        raise Refused(Refusal.BAD_CBOR) from None
    data = _read_authenticator_data(authenticator_data)
    flags = _check_authenticator_data(data, party=party)
    attested = data.credential_data
    if attested is None:
        raise Refused(Refusal.CREDENTIAL_MISSING)
    if not 1 <= len(attested.credential_id) <= _CREDENTIAL_ID_BYTES_MAX:
        raise Refused(Refusal.BAD_CREDENTIAL_ID)
    if attested.credential_id != registration.credential_id:
        raise Refused(Refusal.IDS_DIFFER)
    key = _check_key(attested)
    if registration.is_discoverable is False:
        raise Refused(Refusal.NOT_DISCOVERABLE)
    return Credential(
        credential_id=attested.credential_id,
        public_key=cbor.encode(key),
        aaguid=bytes(attested.aaguid),
        transports=registration.transports,
        flags=flags,
    )


def check_assertion(assertion: Assertion, *, public_key: bytes, handle: bytes, party: Party) -> Flags:
    """This function will check that a passkey was used whose challenge was taken (section 7.2); raises Refused.

    Whether the sign count has grown is decided where the one before is kept.
    """
    _check_client_data(assertion.client_data, party=party)
    # Without one the passkey is none that names its user, which is the only kind that we make.
    if not hmac.compare_digest(assertion.user_handle, handle):
        raise Refused(Refusal.HANDLE_DIFFERS)
    data = _read_authenticator_data(assertion.authenticator_data)
    flags = _check_authenticator_data(data, party=party)
    key = CoseKey.parse(cbor.decode_from(public_key)[0])
    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        key.verify(signed, assertion.signature)
    except (InvalidSignature, ValueError):
        raise Refused(Refusal.BAD_SIGNATURE) from None
    return flags


def _decode(text: bytes, kind: Any, *, bytes_max: int) -> Any:  # noqa: ANN401 — of the kind that is asked for.
    if len(text) > bytes_max:
        raise Refused(Refusal.TOO_LARGE)
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise Refused(Refusal.WRONG_FORM) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(Refusal.NOT_JSON) from None


def _read_client_data(text: str, *, wanted: str) -> tuple[bytes, bytes]:
    client_data = _base64(text)
    told = _parse_client_data(client_data)
    if told.type != wanted:
        raise Refused(Refusal.WRONG_TYPE)
    return client_data, _base64(told.challenge)


def _parse_client_data(client_data: bytes) -> _ClientData:
    try:
        return msgspec.json.decode(client_data, type=_ClientData)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(Refusal.BAD_CLIENT_DATA) from None


def _check_client_data(client_data: bytes, *, party: Party) -> None:
    told = _parse_client_data(client_data)
    if told.origin != party.origin:
        raise Refused(Refusal.WRONG_ORIGIN)
    # The shop is in no frame of another site.
    if told.cross_origin or told.top_origin is not None:
        raise Refused(Refusal.CROSS_ORIGIN)


def _read_authenticator_data(data: object) -> AuthenticatorData:
    # Bytes, not a number: of a number this would make as many bytes.
    if not isinstance(data, bytes):
        raise Refused(Refusal.BAD_AUTHENTICATOR_DATA)
    try:
        return AuthenticatorData(data)
    except (*_READING, struct.error):
        raise Refused(Refusal.BAD_AUTHENTICATOR_DATA) from None


def _check_authenticator_data(data: AuthenticatorData, *, party: Party) -> Flags:
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(party.id.encode()).digest()):
        raise Refused(Refusal.WRONG_RP)
    if not data.flags & _FLAGS.UP:
        raise Refused(Refusal.USER_ABSENT)
    if not data.flags & _FLAGS.UV:
        raise Refused(Refusal.USER_NOT_VERIFIED)
    eligible, backed_up = bool(data.flags & _FLAGS.BE), bool(data.flags & _FLAGS.BS)
    if backed_up and not eligible:
        raise Refused(Refusal.BAD_BACKUP_FLAGS)
    return Flags(sign_count=data.counter, is_backup_eligible=eligible, is_backed_up=backed_up)


def _check_key(attested: AttestedCredentialData) -> dict[int, Any]:
    """The key with nothing in it but what its algorithm needs; a key that nothing could ever verify by is none."""
    told = attested.public_key
    algorithm = told.get(3)
    if algorithm not in ALGORITHMS:
        raise Refused(Refusal.WRONG_ALGORITHM)
    try:
        if algorithm == ES256.ALGORITHM:
            key = {name: told[name] for name in (1, 3, -1, -2, -3)}
            _demand((key[1], key[-1], len(key[-2]), len(key[-3])) == (2, 1, _COORDINATE_BYTES, _COORDINATE_BYTES))
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key[-2] + key[-3])
        elif algorithm == EdDSA.ALGORITHM:
            key = {name: told[name] for name in (1, 3, -1, -2)}
            _demand((key[1], key[-1]) == (1, 6))
            ed25519.Ed25519PublicKey.from_public_bytes(key[-2])
        else:
            key = {name: told[name] for name in (1, 3, -1, -2)}
            modulus, exponent = (int.from_bytes(key[name], "big") for name in (-1, -2))
            _demand(key[1] == 3 and modulus.bit_length() in _RSA_BITS and exponent == _RSA_EXPONENT)  # noqa: PLR2004
            rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except _READING:
        raise Refused(Refusal.BAD_KEY) from None
    return key


def _demand(is_so: bool) -> None:  # noqa: FBT001 — of one thing only.
    if not is_so:
        raise ValueError


def _check_cbor(data: bytes) -> None:
    """See that it is one item of CBOR in which everything is as long as it says, and nothing is deep or endless."""
    items = [0]
    try:
        end = _skip(data, 0, 1, items)
    except (IndexError, ValueError):
        raise Refused(Refusal.BAD_CBOR) from None
    if end != len(data):
        raise Refused(Refusal.BAD_CBOR)


def _skip(data: bytes, at: int, depth: int, items: list[int]) -> int:
    """The place behind the item that begins at a place (RFC 8949, section 3)."""
    items[0] += 1
    major, more = data[at] >> 5, data[at] & 31
    # Of 24 to 27, one to eight bytes say how much it is; beyond that are items without an end.
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(more, 0)
    _demand(more <= 27 and depth <= _CBOR_DEPTH_MAX and items[0] <= _CBOR_ITEMS_MAX)  # noqa: PLR2004
    at += 1
    _demand(at + size <= len(data))
    value = int.from_bytes(data[at : at + size], "big") if size else more
    at += size
    if major in {2, 3}:
        _demand(at + value <= len(data))
        return at + value
    for _ in range(min(value * {4: 1, 5: 2}.get(major, 0), _CBOR_ITEMS_MAX + 1)):
        at = _skip(data, at, depth + 1, items)
    return at


def _id_of(text: str, raw: str) -> bytes:
    if text != raw:
        raise Refused(Refusal.IDS_DIFFER)
    return _base64(raw)


def _base64(text: str) -> bytes:
    # Without padding, and nothing skipped: what is not of the alphabet is a mistake or a trick.
    if not _BASE64URL.fullmatch(text):
        raise Refused(Refusal.NOT_BASE64)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Refused(Refusal.NOT_BASE64) from None
