"""Key files in every form in which Alipay's tool and WeChat Pay hand them out, and what is refused instead of used."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from evertill.kernel.errors import ConfigError
from evertill.outside import rsa

_PRIVATE = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
_PUBLIC = (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def folded(content: bytes) -> bytes:
    """Base64 alone, in lines, as a text that somebody has copied."""
    return base64.encodebytes(content)


class TestKeys:
    @pytest.mark.parametrize("kind", _PRIVATE)
    @pytest.mark.parametrize("is_pem", [True, False])
    def test_sign_and_verify_in_every_form(
        self, tmp_path: Path, key: RSAPrivateKey, kind: PrivateFormat, is_pem: bool
    ) -> None:
        encoding, dress = (Encoding.PEM, bytes) if is_pem else (Encoding.DER, folded)
        secret, public = tmp_path / "secret", tmp_path / "public"
        secret.write_bytes(dress(key.private_bytes(encoding, kind, NoEncryption())))
        public.write_bytes(dress(key.public_key().public_bytes(encoding, _PUBLIC[_PRIVATE.index(kind)])))

        signature = rsa.sign(rsa.read_private_key(secret), "金额=1.00")

        assert rsa.is_genuine(rsa.read_public_key(public), message="金额=1.00".encode(), signature=signature)
        assert not rsa.is_genuine(rsa.read_public_key(public), message="金额=9.00".encode(), signature=signature)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: b"",
            lambda: b"not a key",
            lambda: b"x" * 70_000,
            lambda: pem(generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 — that it is refused.
            lambda: pem(ec.generate_private_key(ec.SECP256R1())),
            lambda: generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
            ),
        ],
    )
    def test_that_are_none_or_too_weak_are_refused_by_their_files_name(
        self, tmp_path: Path, make: Callable[[], bytes]
    ) -> None:
        file = tmp_path / "app-private-key.pem"
        file.write_bytes(make())

        with pytest.raises(ConfigError, match=r"app-private-key\.pem"):
            rsa.read_private_key(file)

    def test_that_are_not_there_are_refused_by_their_files_name(self, tmp_path: Path) -> None:
        for read in (rsa.read_private_key, rsa.read_public_key):
            with pytest.raises(ConfigError, match=r"no-such\.pem cannot be read"):
                read(tmp_path / "no-such.pem")


def pem(key: RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
