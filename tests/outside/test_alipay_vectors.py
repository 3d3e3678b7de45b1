"""What Alipay itself has signed, and published with its own libraries, is genuine to us; with one change it is not.

Source: tests of Alipay's SDK for Node.js, github.com/alipay/alipay-sdk-nodejs-all, test/alipay.test.ts (2025), whose
comment says that they were taken from the real service. The texts to sign are those of Alipay's documents.
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from evertill.domains.payments import ProviderUnavailable, WebhookForged, WebhookRefused
from evertill.outside.alipay_protocol import read_answer, read_notification, text_to_sign

_NOTIFYING = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqObrdC7hrgAVM98tK0nv3hSQRGGKT4lBsQjHiGjeYZjOPIPHR5knm2jnnz/YGIXIofVHkA/t"
    "AlBAd5DrY7YpvI4tP5EONLtZKC2ghBMx7McI2wRD0xiqzxOQr1FuhZGJ8/AUokBzJrzY+aGX2xcOrxFYRlFilvVLTXg4LWjR1tdPkO6+i7wQZAIVMClP"
    "kwVRZEbaERRHlKqTzv2gGv5rDU8gRoe1LeaN+6BlbTqHWkQcNCUNrA8C6l17XAXGKDsm/9TFWwO8EPHHHCaQdjtV5/FdcWIt+L8SR1ss7EXTjYDFtxcK"
    "Vv9rEoY1lX8T4mX+GbXfZHraG5NCF1+XioL5JwIDAQAB"
)
_NOTIFIED = {
    "gmt_create": "2019-08-15 15:56:22",
    "charset": "utf-8",
    "seller_email": "z97-yuquerevenue@service.aliyun.com",
    "subject": "语雀空间 500人规模",
    "sign": (
        "QfTb8tqE1BMhS5qAnXtvsF3/jBkEvu9q9en0pdbBUDDjvKycZhQb7h8GDs4FKfi049PynaNuatxSgLb/nLWZpXyyh0LEWdK2S6Ri7nPwrVgOs08z"
        "ugLO20vOQz44y3ti2Ncm8/wZts1Fr2gZ7pShnVX3d1B50hbsXnObT1r/U8ONNQjWXd0HIul4TG+Q3fm3svmSvFEy0WnzuhcyHPX5Gm4ELNctL6Qd"
        "5YniGJFNcc7kopHYtI/XD9YCKCH6Ct02rzUs9i11C9CsadtZn+WhxF26Dqt9sGEFajkJ8cxUTLi8+VCpLHsgPE8P0y095uQcDdK0YjCh4x7wVSov"
        "+lrmOQ=="
    ),
    "buyer_id": "2088102534368455",
    "invoice_amount": "0.10",
    "notify_id": "2019081500222155624068450559358070",
    "fund_bill_list": '[{"amount":"0.10","fundChannel":"ALIPAYACCOUNT"}]',
    "notify_type": "trade_status_sync",
    "trade_status": "TRADE_SUCCESS",
    "receipt_amount": "0.10",
    "buyer_pay_amount": "0.10",
    "sign_type": "RSA2",
    "app_id": "2019073166072302",
    "seller_id": "2088531891668739",
    "gmt_payment": "2019-08-15 15:56:24",
    "notify_time": "2019-08-15 15:56:25",
    "version": "1.0",
    "out_trade_no": "20190815155618536-564-57",
    "total_amount": "0.10",
    "trade_no": "2019081522001468450512505578",
    "auth_app_id": "2019073166072302",
    "buyer_logon_id": "xud***@126.com",
    "point_amount": "0.00",
}
_ANSWERING = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk7LzhmMa2c4qQd4fqAqenfbuFoA7stPKvoS1LrZEsVnOOGUUjwoa1oU9xsSPjcOWhIerU/VA"
    "N4J95GIAXx59ipcleIyfLn2FhHXPgLJpvo+b2jJFyn/1/DbeJDh+0yDVAOf50Z7HhI0mdUhFMkXlT7BU0ZMtJf/TmISFEfhDU/w6qFd6D42L97byAkq0"
    "K6LroglSVF24GqJEa7hSeUIkZWj7RasykXrc2uVJ1+ejkXE0LyPxa2AHykMGbJLf5SiZvaNzUZgnKIR36mLOHpQ/2JCXxhXZYUWHzy0kMH54JcUEeksF"
    "WBYLGvLjV1phbcUIc3Q76tIuqApY6E222OoZZQIDAQAB"
)
_ANSWERED = (
    '{"alipay_open_file_upload_response":{"code":"10000","msg":"Success","file_id":"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"},'
    '"sign":"F+LDzpTNiavn7xVZPGuPCSSVRSmWzJGgtuji6tVELGEaqMaNj0jRKXUEr5nloZJBBmwEnddOyCjjepMmrTKTvoOqQ0Efxpr/R1iEeHTHVbb/'
    "Q8TTh6Up5gHJDkILdaWS2q1cWeQ6VT+HQY9P3WRXS7uhILHuDODIhpAyCu5KhWGt0rMCIG+Im6NODJP2oohtSCtmTFXg58HH587Z2y2bdbjzOxLvzD9I"
    "rU1imghXQ2S/Q+wMIvRk9on6cWnBLkrNvJKapA2ReNGWOwyuASvB9zDVzhMPbR+3mfRGkVDxsq5HYLjBKGskJMXHw0HuugZij6ScRuaLPODhmHwr/pJ9"
    'yw=="}'
)
_METHOD = "alipay.open.file.upload"


def key(text: str) -> RSAPublicKey:
    loaded = load_der_public_key(base64.b64decode(text))
    assert isinstance(loaded, RSAPublicKey)
    return loaded


class TestNotification:
    def test_of_the_real_service_is_genuine(self) -> None:
        fields = read_notification(urlencode(_NOTIFIED).encode(), key=key(_NOTIFYING))

        assert (fields["trade_status"], fields["total_amount"]) == ("TRADE_SUCCESS", "0.10")

    @pytest.mark.parametrize(
        "change", [{"total_amount": "9.10"}, {"more": ""}, {"sign": ""}, {"sign_type": "RSA"}, {"sign": "not base64"}]
    )
    def test_with_a_change_is_forged(self, change: dict[str, str]) -> None:
        with pytest.raises(WebhookForged):
            read_notification(urlencode(_NOTIFIED | change).encode(), key=key(_NOTIFYING))

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a", b"a=%ff", b"a=1&a=2", b"a=1&" * 300])
    def test_of_another_form_is_refused(self, body: bytes) -> None:
        with pytest.raises(WebhookRefused):
            read_notification(body, key=key(_NOTIFYING))


class TestAnswer:
    def test_of_the_real_service_is_genuine(self) -> None:
        told = read_answer(_ANSWERED.encode(), method=_METHOD, key=key(_ANSWERING))

        assert (told.is_done, told.facts["file_id"]) == (True, "CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr")

    @pytest.mark.parametrize(
        "answered",
        [
            _ANSWERED.replace("CAxA", "CAxB"),
            # Spaces mean nothing in JSON, and everything to a signature.
            _ANSWERED.replace('"code":', '"code": '),
            _ANSWERED.replace('{"alipay', '{"alipay_open_file_upload_response":{"code":"10000"},"alipay'),
            _ANSWERED.replace("alipay_open_file_upload", "alipay_trade_query"),
            _ANSWERED + "{}",
            _ANSWERED[:-1],
            '{"alipay_open_file_upload_response":{"code":"10000"}}',
            '{"alipay_open_file_upload_response":"10000","sign":""}',
            "[]",
            "",
            "[" * 100_000,
        ],
    )
    def test_with_a_change_is_never_believed(self, answered: str) -> None:
        with pytest.raises(ProviderUnavailable):
            read_answer(answered.encode(), method=_METHOD, key=key(_ANSWERING))


class TestTextToSign:
    def test_is_the_one_of_the_description(self) -> None:
        # The example of "自行实现签名" in Alipay's documents: sorted by name, joined by &, values as they are.
        parameters = {
            "app_id": "2014072300007148",
            "method": "alipay.mobile.public.menu.add",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": "2014-07-24 03:07:50",
            "biz_content": '{"button":[{"actionParam":"ZFB_HFCZ","actionType":"out","name":"话费充值"}]}',
            "version": "1.0",
            "notify_url": "",
        }

        assert text_to_sign(parameters) == (
            'app_id=2014072300007148&biz_content={"button":[{"actionParam":"ZFB_HFCZ","actionType":"out","name":"话费充值"}'
            "]}&charset=utf-8&method=alipay.mobile.public.menu.add&sign_type=RSA2"
            "&timestamp=2014-07-24 03:07:50&version=1.0"
        )
