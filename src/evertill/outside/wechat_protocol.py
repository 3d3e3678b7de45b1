"""How WeChat Pay's API v3 is spoken to: calls signed line by line, answers and webhooks verified, secrets decrypted."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_pem_x509_certificate

from evertill.kernel.errors import ConfigError
from evertill.outside import rsa

SCHEME = "WECHATPAY2-SHA256-RSA2048"
CIPHER = "AEAD_AES_256_GCM"
_API_KEY_BYTES = 32
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


class Genuineness(enum.Enum):
    """Whether something carries WeChat Pay's signature, of now."""

    GENUINE = enum.auto()
    UNSIGNED = enum.auto()
    FORGED = enum.auto()
    STALE = enum.auto()


def text_to_sign(*lines: str) -> str:
    """This function will write what a signature covers: each part on a line of its own, the last one too."""
    return "".join(f"{line}\n" for line in lines)


def authorization(
    method: str, target: str, body: str, *, merchant: str, serial: str, key: RSAPrivateKey, at: int, nonce: str
) -> str:
    """This function will return the header of a call; `target` is its path and query as they go out."""
    signature = rsa.sign(key, text_to_sign(method, target, str(at), nonce, body))
    return (
        f'{SCHEME} mchid="{merchant}",nonce_str="{nonce}",signature="{signature}",timestamp="{at}",serial_no="{serial}"'
    )


def judge(
    header: Callable[[str], str | None],
    body: bytes,
    *,
    keys: Mapping[str, RSAPublicKey],
    now: dt.datetime,
    age_s_max: int,
) -> Genuineness:
    """This function will judge an answer or a webhook by its headers, which `header` tells by lower-case name."""
    signature, at, nonce, serial = (
        header(f"wechatpay-{name}") or "" for name in ("signature", "timestamp", "nonce", "serial")
    )
    if not signature:
        return Genuineness.UNSIGNED
    key = keys.get(_serial(serial))
    message = text_to_sign(at, nonce, "").encode()[:-1] + body + b"\n"
    if key is None or not rsa.is_genuine(key, message=message, signature=signature):
        return Genuineness.FORGED
    if not (at.isascii() and at.isdigit()) or abs(now.timestamp() - int(at[:12])) > age_s_max:
        return Genuineness.STALE
    return Genuineness.GENUINE


def decrypt(resource: Mapping[str, Any], *, key: bytes) -> Any:  # noqa: ANN401 — JSON.
    """This function will decrypt the resource of a webhook; raises ValueError when it is not for this key."""
    try:
        if resource["algorithm"] != CIPHER:
            raise KeyError(resource["algorithm"])
        nonce, about = resource["nonce"].encode(), (resource.get("associated_data") or "").encode()
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        return json.loads(AESGCM(key).decrypt(nonce, sealed, about))
    except (KeyError, TypeError, AttributeError, binascii.Error, InvalidTag, RecursionError) as error:
        raise ValueError("not for this key") from error


def read_api_key(path: Path) -> bytes:
    """This function will read the APIv3 key; raises ConfigError."""
    key = rsa.read_file(path).strip()
    if len(key) != _API_KEY_BYTES:
        raise ConfigError(f"The file {path} holds no APIv3 key, which has {_API_KEY_BYTES} characters.")
    return key


def read_platform_keys(paths: Sequence[Path], *, public_key_id: str, now: dt.datetime) -> dict[str, RSAPublicKey]:
    """This function will read WeChat Pay's own keys by serial number: certificates that are valid now, a public key.

    Raises ConfigError when a file cannot be used, or when none is left.
    """
    keys: dict[str, RSAPublicKey] = {}
    for path in paths:
        content = rsa.read_file(path)
        if _CERTIFICATE not in content:
            if not public_key_id:
                raise ConfigError(f"EVERTILL_WECHAT_PUBLIC_KEY_ID is not set, and {path} is no certificate.")
            keys[_serial(public_key_id)] = rsa.read_public_key(path)
            continue
        try:
            certificate = load_pem_x509_certificate(content)
        except ValueError:
            raise ConfigError(f"The file {path} is no certificate.") from None
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            keys[_serial(f"{certificate.serial_number:X}")] = rsa.checked(certificate.public_key(), path)
    if not keys:
        raise ConfigError("No key of WeChat Pay is set, or every certificate of it is out of date.")
    return keys


def _serial(text: str) -> str:
    return text.upper().lstrip("0")
