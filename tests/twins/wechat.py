"""WeChat Pay's API v3 as its public description has it: every call's signature is checked, every answer is signed.

`python -m tests.twins.wechat FOLDER`, where the keys lie. /twin/… is how tests direct it, and no part of WeChat Pay.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.twins.serving import Call, Faults, Reply, as_json, private_key, serve, sign, spoiled, verifies

MERCHANT, APP, SERIAL = "1900000001", "wx0000000000000001", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
API_KEY = "0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026112300000000000001"
CHINA = dt.timezone(dt.timedelta(hours=8))
_AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(\d+)",nonce_str="([0-9A-Za-z]{1,32})",signature="([^"]+)",timestamp="(\d+)"'
    r',serial_no="([0-9A-F]+)"'
)
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


class Wechat:
    def __init__(self, folder: Path) -> None:
        self.key = private_key(folder / "wechat-private.pem")
        self.merchant_key = folder / "merchant-public.pem"
        # The serial number of a certificate when tests made one, instead of a public key's id.
        self.serial = PUBLIC_KEY_ID
        self.orders: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.nonces: set[str] = set()
        self.faults = Faults()
        self.asked: list[str] = []
        self.bills: dict[str, bytes] = {}
        # By order, the customer's address as the shop told it.
        self.addresses: dict[str, str] = {}

    def answer(self, call: Call) -> Reply:
        if call.path.startswith("/twin/"):
            return as_json(self.direct(call.path.removeprefix("/twin/"), json.loads(call.body or b"{}")))
        self.faults.slow()
        if "broken" in self.faults.names:
            return Reply(status=502, body=b"<html>")
        if not self.is_signed(call):
            # As the real service: who has not signed gets an answer that is not signed.
            return Reply(status=401, body=b'{"code":"SIGN_ERROR","message":"..."}')
        self.asked.append(f"{call.method} {call.path}")
        if call.path == "/v3/billdownload/file":
            return Reply(body=self.bills[call.query["token"]] + (b" " if "bill_changed" in self.faults.names else b""))
        status, told = self.do(call)
        if "silent_after" in self.faults.names:
            return Reply(is_silent=True)
        return self.signed(status, told)

    def signed(self, status: int, told: dict[str, Any] | None) -> Reply:
        body = "" if told is None else json.dumps(told, ensure_ascii=False)
        headers = self.headers(body)
        if "bad_signature" in self.faults.names:
            headers["Wechatpay-Signature"] = spoiled(headers["Wechatpay-Signature"])
        if "other_serial" in self.faults.names:
            headers["Wechatpay-Serial"] = "PUB_KEY_ID_0000"
        if "changed" in self.faults.names:
            body = body.replace("NOTPAY", "SUCCESS").replace("PROCESSING", "SUCCESS")
        return Reply(
            status=status,
            headers={} if "unsigned" in self.faults.names else headers,
            body=body.encode(),
            drip_s=0.05 if "drip" in self.faults.names else 0,
        )

    def headers(self, body: str, *, ago_s: int = 0) -> dict[str, str]:
        ago_s = 301 if "stale" in self.faults.names else ago_s
        at, nonce = str(int(time.time()) - ago_s), secrets.token_hex(16)
        return {
            "Wechatpay-Timestamp": at,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": sign(self.key, f"{at}\n{nonce}\n{body}\n"),
            "Content-Type": "application/json; charset=utf-8",
        }

    def is_signed(self, call: Call) -> bool:
        found = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
        if found is None:
            return False
        merchant, nonce, signature, at, serial = found.groups()
        text = f"{call.method}\n{call.raw_target}\n{at}\n{nonce}\n{call.body.decode()}\n"
        is_new = nonce not in self.nonces
        self.nonces.add(nonce)
        return (
            (merchant, serial) == (MERCHANT, SERIAL)
            and is_new
            and abs(time.time() - int(at)) <= 300
            and verifies(self.merchant_key, text, signature)
        )

    def do(self, call: Call) -> tuple[int, dict[str, Any] | None]:
        told = json.loads(call.body) if call.body else {}
        if call.path in ("/v3/pay/transactions/native", "/v3/pay/transactions/h5"):
            return self.order(told, kind=call.path.rpartition("/")[2])
        if call.path == "/v3/refund/domestic/refunds":
            return self.refund(told)
        return self.bill(call) if call.path == "/v3/bill/tradebill" else self.stand(call, told)

    def stand(self, call: Call, told: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        found = re.fullmatch(r"/v3/pay/transactions/out-trade-no/([0-9A-Za-z_*|-]{6,32})(/close)?", call.path)
        assert found is not None, call.path
        order = self.orders.get(found[1])
        assert (told if found[2] else call.query)["mchid"] == MERCHANT
        if order is None:
            return refusal(404, "ORDER_NOT_EXIST")
        if not found[2]:
            return 200, order
        if order["trade_state"] in ("SUCCESS", "REFUND"):
            return refusal(400, "ORDERPAID")
        order["trade_state"] = "CLOSED"
        return 204, None

    def order(self, told: dict[str, Any], *, kind: str) -> tuple[int, dict[str, Any]]:
        assert (told["mchid"], told["appid"], told["amount"]["currency"]) == (MERCHANT, APP, "CNY"), told
        assert re.fullmatch(r"[0-9A-Za-z_*|-]{6,32}", told["out_trade_no"]), told
        assert type(told["amount"]["total"]) is int, told
        assert dt.datetime.fromisoformat(told["time_expire"]).utcoffset() == dt.timedelta(hours=8), told
        if kind == "h5" and not told["scene_info"]["payer_client_ip"]:
            return refusal(400, "PARAM_ERROR")
        if kind == "h5":
            self.addresses[told["out_trade_no"]] = told["scene_info"]["payer_client_ip"]
        order = self.orders.setdefault(
            told["out_trade_no"],
            {
                "appid": APP,
                "mchid": MERCHANT,
                "out_trade_no": told["out_trade_no"],
                "trade_state": "NOTPAY",
                "amount": {"total": told["amount"]["total"], "currency": "CNY"},
            },
        )
        if order["trade_state"] != "NOTPAY":
            return refusal(400, "ORDERPAID")
        if order["amount"]["total"] != told["amount"]["total"]:
            return refusal(400, "INVALID_REQUEST")
        url = f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={told['out_trade_no']}&package=1"
        return 200, {"h5_url": url} if kind == "h5" else {"code_url": f"weixin://wxpay/bizpayurl?pr={len(self.orders)}"}

    def refund(self, told: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        order, asked = self.orders[told["out_trade_no"]], told["amount"]
        if order["trade_state"] == "NOTPAY":
            return refusal(400, "INVALID_REQUEST")
        assert asked["total"] == order["amount"]["total"], told
        assert "reason" not in told, "the customer would read it"
        made = self.refunds.get(told["out_refund_no"])
        if made is None:
            of_order = [r for r in self.refunds.values() if r["out_trade_no"] == told["out_trade_no"]]
            if sum(r["amount"]["refund"] for r in of_order) + asked["refund"] > asked["total"]:
                return refusal(400, "INVALID_REQUEST")
            if "poor" in self.faults.names:
                return refusal(403, "NOT_ENOUGH")
            made = {
                "refund_id": f"5030000{len(self.refunds):010d}",
                "out_refund_no": told["out_refund_no"],
                "out_trade_no": told["out_trade_no"],
                "amount": asked,
            }
            self.refunds[told["out_refund_no"]] = made
            order["trade_state"] = "REFUND"
        elif made["amount"] != asked:
            return refusal(400, "INVALID_REQUEST")
        standing = [name for name in ("PROCESSING", "ABNORMAL", "CLOSED") if name in self.faults.names]
        return 200, {**made, "status": standing[0] if standing else "SUCCESS"}

    def bill(self, call: Call) -> tuple[int, dict[str, Any]]:
        assert call.query["bill_type"] == "ALL"
        content = self.bills.get(call.query["bill_date"])
        if content is None:
            return refusal(400, "NO_STATEMENT_EXIST")
        host = "127.0.0.2" if "bill_elsewhere" in self.faults.names else call.headers["host"]
        url = f"http://{host}/v3/billdownload/file?token={call.query['bill_date']}"
        digest = hashlib.sha1(content).hexdigest()  # noqa: S324 — what WeChat Pay uses.
        return 200, {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def direct(self, what: str, facts: dict[str, Any]) -> Any:
        told: Any = None
        if what == "faults":
            self.faults.names = set(facts["names"])
        elif what == "calls":
            told, self.asked = self.asked, []
        elif what == "serial":
            self.serial = facts["serial"]
        elif what == "pay":
            told = self.orders[facts["number"]]
            assert told["trade_state"] == "NOTPAY", told
            told.update(trade_state="SUCCESS", transaction_id=f"4200000{len(self.nonces):021d}")
            if "amount" in facts:
                told["amount"] = {"total": facts["amount"], "currency": facts.get("currency", "CNY")}
        elif what == "trade":
            told = self.orders.get(facts["number"])
        elif what == "refunds":
            told = [r for r in self.refunds.values() if r["out_trade_no"] == facts["number"]]
        elif what == "address":
            told = self.addresses[facts["number"]]
        elif what == "bill":
            self.bills[facts["date"]] = facts["content"].encode()
        else:
            assert what == "notify", what
            told = self.notification(facts)
        return told

    def notification(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The headers and the body that WeChat Pay would send."""
        order = self.orders[facts["number"]]
        inner = json.dumps({**order, "mchid": facts.get("merchant", MERCHANT)}).encode()
        nonce, about = secrets.token_hex(6), "transaction"
        sealed = AESGCM(facts.get("api_key", API_KEY).encode()).encrypt(nonce.encode(), inner, about.encode())
        if facts.get("is_tampered"):
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        body = json.dumps(
            {
                "id": facts.get("event", "EV-1"),
                "create_time": dt.datetime.now(CHINA).isoformat(timespec="seconds"),
                "resource_type": "encrypt-resource",
                "event_type": "TRANSACTION.SUCCESS",
                "summary": "支付成功",
                "resource": {
                    "original_type": "transaction",
                    "algorithm": facts.get("algorithm", "AEAD_AES_256_GCM"),
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "associated_data": about,
                    "nonce": nonce,
                },
            },
            ensure_ascii=False,
        )
        return {"headers": self.headers(body, ago_s=facts.get("ago_s", 0)), "body": body}


def refusal(status: int, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": "业务失败"}


if __name__ == "__main__":
    serve(Wechat(Path(sys.argv[1])).answer)
