"""RSA with SHA-256 (RFC 8017, PKCS #1 v1.5), as Alipay and WeChat Pay sign; and the files of its keys."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from evertill.kernel.errors import ConfigError

_BITS_MIN = 2048
_FILE_BYTES_MAX = 1 << 16
_PEM = b"-----BEGIN "


def sign(key: RSAPrivateKey, message: str) -> str:
    """This function will sign a text and return the signature in base64."""
    return base64.b64encode(key.sign(message.encode(), padding.PKCS1v15(), SHA256())).decode()


def is_genuine(key: RSAPublicKey, *, message: bytes, signature: str) -> bool:
    """This function will say whether a signature in base64 is of this message and key."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def read_file(path: Path) -> bytes:
    """This function will read a small file of secrets; raises ConfigError that names the file and never its content."""
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"The file {path} cannot be read: {error.strerror}.") from None
    if not content.strip() or len(content) > _FILE_BYTES_MAX:
        raise ConfigError(f"The file {path} is empty, or larger than a key is.")
    return content


def read_private_key(path: Path) -> RSAPrivateKey:
    """This function will read a private key: PEM, or its base64 alone as Alipay's tool gives it; raises ConfigError."""
    content = read_file(path)
    try:
        if _PEM in content:
            key = load_pem_private_key(content, password=None)
        else:
            key = load_der_private_key(_der(content), password=None)
    except (ValueError, TypeError, binascii.Error):
        raise ConfigError(f"The file {path} is no private key without a password.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _BITS_MIN:
        raise ConfigError(f"The key in {path} is not of RSA, or has fewer than {_BITS_MIN} bits.")
    return key


def read_public_key(path: Path) -> RSAPublicKey:
    """This function will read a public key: PEM, or its base64 alone; raises ConfigError."""
    content = read_file(path)
    try:
        key = load_pem_public_key(content) if _PEM in content else load_der_public_key(_der(content))
    except (ValueError, TypeError, binascii.Error):
        raise ConfigError(f"The file {path} is no public key.") from None
    return checked(key, path)


def checked(key: object, path: Path) -> RSAPublicKey:
    """This function will return a public key that is strong enough; raises ConfigError."""
    if not isinstance(key, RSAPublicKey) or key.key_size < _BITS_MIN:
        raise ConfigError(f"The key in {path} is not of RSA, or has fewer than {_BITS_MIN} bits.")
    return key


def _der(content: bytes) -> bytes:
    return base64.b64decode(b"".join(content.split()), validate=True)
