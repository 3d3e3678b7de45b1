"""What WeChat Pay has published as signed, encrypted and billed is genuine to us; with one change it is not.

Sources: the notification, its certificate and the cipher's example stand in the tests of WeChat Pay's own library,
github.com/wechatpay-apiv3/wechatpay-go (core/notify/notify_test.go, utils/aes_test.go); the text to sign in its
documents (签名生成, pay.weixin.qq.com). The bill with its SHA-1 is a real one of 2021 that a merchant's library shows.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from evertill.domains.payments import BillKind
from evertill.kernel.errors import ConfigError
from evertill.kernel.money import Money
from evertill.outside import wechat_protocol as protocol
from evertill.outside.china import CHINA
from evertill.outside.wechat_bill import read_bill
from evertill.outside.wechat_protocol import Genuineness
from tests.twins.wechat import HEADER, TOTALS

_CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIDVzCCAj+gAwIBAgIJANfOWdH1ItcBMA0GCSqGSIb3DQEBCwUAMEIxCzAJBgNV
BAYTAlhYMRUwEwYDVQQHDAxEZWZhdWx0IENpdHkxHDAaBgNVBAoME0RlZmF1bHQg
Q29tcGFueSBMdGQwHhcNMjEwNDI3MDg1NTIzWhcNMzEwNDI1MDg1NTIzWjBCMQsw
CQYDVQQGEwJYWDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5MRwwGgYDVQQKDBNEZWZh
dWx0IENvbXBhbnkgTHRkMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
2VCTd91fnUn73Xy9DLvt/V62TVxRTEEstVdeRaZ3B3leO0pldE806mXO4RwdHXag
HQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOm
DeJf2vg6byms9RUipiq4SzbJKqJFlUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B83
4uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxmjL5lsJML7DGr5znsevnoqGRwTm9fxCGf
y8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtk
aSef4FdEEgEXJiw0VAJT8wIDAQABo1AwTjAdBgNVHQ4EFgQUT1c7nd/SUO76HSoZ
umNUJv1R5PwwHwYDVR0jBBgwFoAUT1c7nd/SUO76HSoZumNUJv1R5PwwDAYDVR0T
BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAfTjxKRQMzNB/U6ZoCUS+BSNfa2Oh
0plMN6ZuzwiVVZwg1jywvv5yv04koS7Pd4i9E4gt9ZBUQXlpq+A3oOCEEHNRR6b2
kyazGRM7s0OP5X21WrbpSmKmU6K7hkfx30yYs08LVs/Q8DIhvaj1FCFeJzUCzYn/
fHMq4tsbKO0dKAeydPM/nrUZBmaYQVKMVOORGLFjFKVO7JV6Kq/R86ouhjEPgJOe
2xulNBUcjicqtZlBdEh/PWCYP2SpGVDclKm8jeo175T3EVAkdKzzmfpxtMmnMlmq
cTJOU9TxuGvNASMtjj7pYIerTx+xgZDXEVBWFW9PjJ0TV06tCRsgSHItgg==
-----END CERTIFICATE-----
"""
_SENT_AT = dt.datetime.fromtimestamp(1624523846, tz=dt.UTC)
_HEADERS = {
    "wechatpay-nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
    "wechatpay-timestamp": "1624523846",
    "wechatpay-serial": "D7CE59D1F522D701",
    "wechatpay-signature": (
        "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXFlbYZTOQrVdG4b6LfTnK4mikv9++"
        "ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR//rxELLwXvV1VEA1IBLX70xptjL8hrfUjEE8kkry6yNJTHZRU8CA"
        "c7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrapI/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY406ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNiKRACrF"
        "mtxw2Q=="
    ),
}
_BODY = (
    '{"id":"3119dfba-e649-5eec-ab1e-3412bc4d2e17","create_time":"2021-06-24T16:37:26+08:00","resource_type":"encrypt-'
    'resource","event_type":"PAYSCORE.USER_OPEN_SERVICE","summary":"签约成功","resource":{"original_type":"payscore",'
    '"algorithm":"AEAD_AES_256_GCM","ciphertext":"YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq6'
    "7aVyqPdDYMkRVSDaZL3iZttevRMOoPKMifozg6XPWjIZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvP"
    'qOTOcgSLgh21YJXYR7dEBXFgRLiNIKRgO5JdXh1hccRUAlyVWxE54PXpnQ==","associated_data":"payscore","nonce":"Kj7QIyUiYx1q"}}'
)


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, RSAPublicKey]:
    file = tmp_path / "platform.pem"
    file.write_text(_CERTIFICATE, encoding="ascii")
    return protocol.read_platform_keys([file], public_key_id="", now=_SENT_AT)


def judged(
    keys: dict[str, RSAPublicKey], *, body: str = _BODY, now: dt.datetime = _SENT_AT, **changes: str
) -> Genuineness:
    headers = _HEADERS | {f"wechatpay-{name}": value for name, value in changes.items()}
    return protocol.judge(headers.get, body.encode(), keys=keys, now=now, age_s_max=300)


class TestPublishedNotification:
    def test_is_genuine_for_five_minutes(self, keys: dict[str, RSAPublicKey]) -> None:
        assert judged(keys) is Genuineness.GENUINE
        assert judged(keys, now=_SENT_AT + dt.timedelta(seconds=300)) is Genuineness.GENUINE
        assert judged(keys, now=_SENT_AT + dt.timedelta(seconds=301)) is Genuineness.STALE
        assert judged(keys, now=_SENT_AT - dt.timedelta(seconds=301)) is Genuineness.STALE

    def test_decrypts_to_what_was_published(self) -> None:
        told = protocol.decrypt(json.loads(_BODY)["resource"], key=b"testMchAPIv3Key0")

        assert told == {
            "mchid": "1234567890",
            "appid": "054aa7d7a2a54ab5898df65bd96f001c",
            "create_time": "2020-06-30T12:12:00+08:00",
            "out_contract_code": "21640bdbd08e473e828f3206a2741c6e",
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {"body": _BODY.replace("payscore", "payscorf")},
            {"timestamp": "1624523847"},
            {"nonce": "x"},
            {"serial": "D7CE59D1F522D702"},
            {"serial": ""},
            # How WeChat Pay itself tries whether we look.
            {"signature": "WECHATPAY/SIGNTEST/" + _HEADERS["wechatpay-signature"]},
        ],
    )
    def test_with_a_change_is_forged(self, keys: dict[str, RSAPublicKey], changes: dict[str, Any]) -> None:
        assert judged(keys, **changes) is Genuineness.FORGED

    def test_without_a_signature_is_unsigned(self, keys: dict[str, RSAPublicKey]) -> None:
        assert judged(keys, signature="") is Genuineness.UNSIGNED

    def test_is_not_verified_by_a_certificate_out_of_date(self, tmp_path: Path) -> None:
        file = tmp_path / "platform.pem"
        file.write_text(_CERTIFICATE, encoding="ascii")
        in_2032 = dt.datetime(2032, 1, 1, tzinfo=dt.UTC)

        with pytest.raises(ConfigError, match="out of date"):
            protocol.read_platform_keys([file], public_key_id="", now=in_2032)


class TestCipher:
    _RESOURCE: ClassVar[dict[str, str]] = {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC",
        "nonce": "wCq51qZv4Yfg",
        "associated_data": "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8",
    }

    def test_opens_the_published_example(self) -> None:
        # It holds "Hello World", which is no JSON: so far it must come.
        with pytest.raises(ValueError, match="Expecting value"):
            protocol.decrypt(self._RESOURCE, key=b"testAPIv3Key0000")

    @pytest.mark.parametrize(
        "change",
        [
            {"ciphertext": base64.b64encode(b"x" * 27).decode()},
            {"ciphertext": "invalid cipher"},
            {"associated_data": ""},
            {"nonce": "wCq51qZv4Yfh"},
            {"algorithm": "AEAD_SM4_GCM"},
            {"nonce": None},
        ],
    )
    def test_opens_nothing_else(self, change: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="not for this key"):
            protocol.decrypt(self._RESOURCE | change, key=b"testAPIv3Key0000")


class TestTextToSign:
    def test_is_the_one_of_the_description(self) -> None:
        text = protocol.text_to_sign("GET", "/v3/certificates", "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242", "")

        assert text == "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"


class TestPublishedBill:
    _ROW = (
        "`2021-01-28 {at},`wx81be3101902f7cb2,`1601959334,`0,`,`{trade},`{number},`ofyak5qR_1wYsC99CsWA6R9MJazA,`NATIVE"
        ",`SUCCESS,`OTHERS,`CNY,`0.01,`0.00,`0,`0,`0.00,`0.00,`,`,`for testing"
        ",`cipher code,`0.00000,`1.00%,`0.01,`0.00,`\n"
    )
    _ROWS = (
        ("17:07:11", "4200000925202101284997714292", "S20210128170702357723"),
        ("15:35:18", "4200000910202101282955148400", "S20210128153505214586"),
        ("16:59:46", "4200000926202101281412639609", "S20210128165824499930"),
    )

    def test_is_whole_and_read(self) -> None:
        rows = "".join(self._ROW.format(at=at, trade=trade, number=number) for at, trade, number in self._ROWS)
        text = f"\ufeff{HEADER}\n{rows}{TOTALS}\n`3,`0.03,`0.00,`0.00,`0.00000,`0.03,`0.00\n"
        content = text.replace("\n", "\r\n").encode()
        assert hashlib.sha1(content).hexdigest() == "dcd7ceb3d382a1181798368bb15d8437de46c00f"  # noqa: S324

        lines = list(read_bill(io.BytesIO(content)))

        assert [(line.kind, line.reference, line.provider_id, line.amount) for line in lines] == [
            (BillKind.CAPTURE, number, trade, Money(amount=1, currency="CNY")) for _, trade, number in self._ROWS
        ]
        assert lines[0].at == dt.datetime(2021, 1, 28, 17, 7, 11, tzinfo=CHINA)
