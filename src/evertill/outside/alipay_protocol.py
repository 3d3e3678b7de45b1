"""How Alipay's gateway is spoken to: parameters signed in their order, answers verified to the byte (RSA2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from evertill.domains.payments import ProviderUnavailable, WebhookForged, WebhookRefused
from evertill.outside import rsa

_FIELDS_MAX = 200
_ERROR = "error_response"
_decoder = json.JSONDecoder()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified answer says: Alipay's code, its finer code if there is one, and everything else."""

    code: str
    sub_code: str
    facts: Mapping[str, Any]

    @property
    def is_done(self) -> bool:
        """Whether Alipay did what it was asked."""
        return self.code == "10000"


def text_to_sign(parameters: Mapping[str, str]) -> str:
    """This function will write parameters as a call's signature covers them: sorted by name, without empty ones."""
    return "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if value)


def signed(parameters: Mapping[str, str], *, key: RSAPrivateKey) -> dict[str, str]:
    """This function will return the parameters of a call together with their signature."""
    return {**parameters, "sign": rsa.sign(key, text_to_sign(parameters))}


def read_answer(body: bytes, *, method: str, key: RSAPublicKey) -> Told:
    """This function will verify an answer and return what it says; raises ProviderUnavailable for any other.

    The signature covers the bytes of the answer's inner object just as they came, so these are cut out, not written
    anew. Who asks without a known app gets an answer without a signature; that is believed as little.
    """
    try:
        text = body.decode()
        spans = _spans(text)
        name = f"{method.replace('.', '_')}_response"
        start, end = spans[name if name in spans else _ERROR]
        inner = text[start:end]
        signature = json.loads(text[slice(*spans["sign"])]) if "sign" in spans else ""
        # Amounts are texts; should one come as a number, it stays the text that it was.
        facts = json.loads(inner, parse_float=str)
        told = Told(code=str(facts["code"]), sub_code=str(facts.get("sub_code", "")), facts=facts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProviderUnavailable("Alipay answers in another form than it describes.") from error
    # Alipay signs before it escapes slashes, in some answers; its own libraries look at both.
    if not any(rsa.is_genuine(key, message=m.encode(), signature=str(signature)) for m in (inner, _plain(inner))):
        raise ProviderUnavailable(f"Alipay's answer ({_word(told.sub_code or told.code)}) is not signed by it.")
    return told


def read_notification(body: bytes, *, key: RSAPublicKey) -> dict[str, str]:
    """This function will verify a notification (a form) and return its fields; raises WebhookRefused.

    The signature covers every field but `sign` and `sign_type`, sorted by name, as their values are when decoded.
    """
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_FIELDS_MAX
        )
    except ValueError:
        raise WebhookRefused("The webhook has another form than the provider describes.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WebhookRefused("A field of the webhook was sent twice.")
    signature, kind = fields.pop("sign", ""), fields.pop("sign_type", "")
    message = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
    if kind != "RSA2" or not rsa.is_genuine(key, message=message.encode(), signature=signature):
        raise WebhookForged("The signature is not the provider's.")
    return fields


def _spans(text: str) -> dict[str, tuple[int, int]]:
    """Where each value of a JSON object begins and ends; raises ValueError."""
    spans: dict[str, tuple[int, int]] = {}
    at = _expect(text, _skip(text, 0), "{")
    while True:
        name, at = _decoder.raw_decode(text, _skip(text, at))
        if not isinstance(name, str) or name in spans:
            raise ValueError(name)
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        _, end = _decoder.raw_decode(text, start)
        spans[name] = (start, end)
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            break
        at += 1
    if _skip(text, _expect(text, at, "}")) != len(text):
        raise ValueError(at)
    return spans


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\t", "\n", "\r"}:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError(at)
    return at + 1


def _plain(inner: str) -> str:
    return inner.replace("\\/", "/")


def _word(code: str) -> str:
    """A code that nobody has vouched for, as far as it may be shown."""
    return "".join(sign for sign in code[:60] if sign.isascii() and (sign.isalnum() or sign in "._-"))
