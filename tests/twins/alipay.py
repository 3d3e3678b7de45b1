"""Alipay's gateway as its public description has it: every call's signature is checked, every answer is signed.

`python -m tests.twins.alipay FOLDER`, where the keys lie. /twin/… is how tests direct it, and no part of Alipay.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.twins.serving import Call, Faults, Reply, as_json, private_key, serve, sign, spoiled, verifies

APP, SELLER = "2021000000000001", "2088000000000001"
CHINA = dt.timezone(dt.timedelta(hours=8))
_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


class Alipay:
    def __init__(self, folder: Path) -> None:
        self.key = private_key(folder / "alipay-private.pem")
        self.app_key = folder / "app-public.pem"
        self.trades: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.faults = Faults()
        self.asked: list[str] = []
        self.bills: dict[str, bytes] = {}
        self.events = 0
        self.host = ""

    def answer(self, call: Call) -> Reply:
        if call.path.startswith("/twin/"):
            return as_json(self.direct(call.path.removeprefix("/twin/"), json.loads(call.body or b"{}")))
        if call.path == "/bill":
            return Reply(body=self.bills[call.query["date"]])
        assert call.path == "/gateway.do", call.path
        self.host = call.headers["host"]
        self.faults.slow()
        if "broken" in self.faults.names:
            return Reply(status=502, body=b"<html>")
        return Reply(body=b"<html>busy</html>") if "html" in self.faults.names else self.gateway(call)

    def gateway(self, call: Call) -> Reply:
        form = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        assert not set(form) & set(call.query), "a parameter came twice"
        given = {**call.query, **form}
        method = given.get("method", "")
        self.asked.append(method)
        problem = self.problem(given)
        if problem:
            # As the real gateway: who is not known gets an answer that is not signed.
            told = {"code": "40002", "msg": "Invalid Arguments", "sub_code": problem, "sub_msg": "…"}
            return Reply(body=json.dumps({"error_response": told}).encode())
        content = json.loads(given["biz_content"])
        if method == "alipay.trade.page.pay":
            self.open(content)
            return Reply(body="请付款".encode())
        told = self.do(method, content)
        if "silent_after" in self.faults.names:
            return Reply(is_silent=True)
        return self.signed(method, refusal("ACQ.SYSTEM_ERROR") if "unknown_after" in self.faults.names else told)

    def signed(self, method: str, told: dict[str, Any]) -> Reply:
        inner = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        signature = sign(self.key, inner)
        if "escaped" in self.faults.names:
            inner = inner.replace("/", "\\/")
        if "bad_signature" in self.faults.names:
            signature = spoiled(signature)
        if "changed" in self.faults.names:
            inner = inner.replace("WAIT_BUYER_PAY", "TRADE_SUCCESS").replace('"fund_change":"N"', '"fund_change":"Y"')
        name = method.replace(".", "_") + "_response"
        ending = "" if "unsigned" in self.faults.names else f',"sign":"{signature}"'
        return Reply(body=f'{{"{name}":{inner}{ending}}}'.encode())

    def problem(self, given: dict[str, str]) -> str:
        signature = given.pop("sign", "")
        text = "&".join(f"{name}={given[name]}" for name in sorted(given) if given[name])
        if given.get("app_id") != APP:
            return "isv.invalid-app-id"
        if given.get("sign_type") != "RSA2" or not verifies(self.app_key, text, signature):
            return "isv.invalid-signature"
        if given.get("charset") != "utf-8" or given.get("version") != "1.0" or given.get("format") != "JSON":
            return "isv.missing-charset"
        stamped = dt.datetime.strptime(given["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        late = abs((dt.datetime.now(CHINA) - stamped).total_seconds()) > 900
        return "isv.invalid-timestamp" if late else ""

    def check_order(self, content: dict[str, str]) -> None:
        assert re.fullmatch(r"[0-9A-Za-z_]{1,64}", content["out_trade_no"]), content
        assert re.fullmatch(r"[0-9]+\.[0-9]{2}", content["total_amount"]), content
        assert not set("/=&") & set(content["subject"]), content
        assert content["seller_id"] == SELLER
        dt.datetime.strptime(content["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)

    def open(self, content: dict[str, str]) -> dict[str, Any]:
        """The customer opens it: only now there is a trade."""
        self.check_order(content)
        number = content["out_trade_no"]
        if number not in self.trades:
            self.trades[number] = {
                "trade_no": f"20261123{len(self.trades):020d}",
                "out_trade_no": number,
                "trade_status": "WAIT_BUYER_PAY",
                "total_amount": content["total_amount"],
                "refunds": {},
            }
        return self.trades[number]

    def do(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        if method == "alipay.trade.precreate":
            return self.precreate(content)
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            if content["bill_date"] not in self.bills:
                return refusal("isp.bill_not_exist")
            return ok(bill_download_url=f"http://{self.host}/bill?date={content['bill_date']}")
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            return refusal("ACQ.TRADE_NOT_EXIST")
        doing = {
            "alipay.trade.query": self.query,
            "alipay.trade.close": self.shut,
            "alipay.trade.refund": self.refund,
            "alipay.trade.fastpay.refund.query": self.query_refund,
        }
        return doing[method](trade, content)

    def query(self, trade: dict[str, Any], _: dict[str, str]) -> dict[str, Any]:
        shown = {name: value for name, value in trade.items() if name != "refunds"}
        return ok(**shown, buyer_logon_id="159****5620", subject="http://shop/…")

    def shut(self, trade: dict[str, Any], _: dict[str, str]) -> dict[str, Any]:
        if trade["trade_status"] != "WAIT_BUYER_PAY":
            return refusal("ACQ.REASON_TRADE_STATUS_INVALID")
        trade["trade_status"] = "TRADE_CLOSED"
        return ok(trade_no=trade["trade_no"], out_trade_no=trade["out_trade_no"])

    def query_refund(self, trade: dict[str, Any], content: dict[str, str]) -> dict[str, Any]:
        number = content["out_request_no"]
        if number not in trade["refunds"] or "refund_pending" in self.faults.names:
            return ok(out_trade_no=trade["out_trade_no"])
        return ok(
            out_trade_no=trade["out_trade_no"],
            out_request_no=number,
            refund_amount=trade["refunds"][number],
            refund_status="REFUND_SUCCESS",
        )

    def precreate(self, content: dict[str, str]) -> dict[str, Any]:
        self.check_order(content)
        trade = self.trades.get(content["out_trade_no"])
        if trade is not None and trade["trade_status"] != "WAIT_BUYER_PAY":
            return refusal("ACQ.TRADE_HAS_SUCCESS")
        code = f"https://qr.alipay.com/{content['out_trade_no']}"
        self.codes[content["out_trade_no"]] = content
        return ok(out_trade_no=content["out_trade_no"], qr_code=code)

    def refund(self, trade: dict[str, Any], content: dict[str, str]) -> dict[str, Any]:
        made, amount = trade["refunds"], content["refund_amount"]
        assert re.fullmatch(r"[0-9]+\.[0-9]{2}", amount), amount
        assert "refund_reason" not in content, "the customer would read it"
        if trade["trade_status"] == "WAIT_BUYER_PAY":
            return refusal("ACQ.TRADE_STATUS_ERROR")
        moved = "N"
        if content["out_request_no"] not in made:
            if sum(map(Decimal, made.values()), Decimal(amount)) > Decimal(trade["total_amount"]):
                return refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            if "poor" in self.faults.names:
                return refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH")
            made[content["out_request_no"]] = amount
            moved = "Y"
            if sum(map(Decimal, made.values())) == Decimal(trade["total_amount"]):
                trade["trade_status"] = "TRADE_CLOSED"
        elif made[content["out_request_no"]] != amount:
            return refusal("ACQ.DISCORDANT_REPEAT_REQUEST")
        if "refund_pending" in self.faults.names:
            moved = "N"
        return ok(trade_no=trade["trade_no"], out_trade_no=trade["out_trade_no"], fund_change=moved)

    def direct(self, what: str, facts: dict[str, Any]) -> Any:
        if what == "faults":
            self.faults.names = set(facts["names"])
        elif what == "calls":
            asked, self.asked = self.asked, []
            return asked
        elif what == "scan":
            return self.open(self.codes[facts["number"]])
        elif what == "pay":
            trade = self.trades[facts["number"]]
            assert trade["trade_status"] == "WAIT_BUYER_PAY", trade
            trade.update(trade_status="TRADE_SUCCESS", send_pay_date="2026-11-23 10:00:00")
            if "amount" in facts:
                trade["total_amount"] = facts["amount"]
            return trade
        elif what == "trade":
            return self.trades.get(facts["number"])
        elif what == "bill":
            self.bills[facts["date"]] = make_bill(
                facts["rows"], whole=facts.get("whole", True), missing=facts.get("missing", 0)
            )
        else:
            assert what == "notify", what
            return self.notification(facts)
        return None

    def notification(self, facts: dict[str, Any]) -> str:
        """The form that Alipay would send."""
        trade = self.trades[facts["number"]]
        self.events += 1
        fields = {
            "notify_time": dt.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "notify_type": "trade_status_sync",
            "notify_id": facts.get("event") or f"2026112300222{self.events:021d}",
            "app_id": facts.get("app_id", APP),
            "charset": "utf-8",
            "version": "1.0",
            "seller_id": facts.get("seller_id", SELLER),
            "subject": "Order 中文 & more",
            "fund_bill_list": '[{"amount":"0.10","fundChannel":"ALIPAYACCOUNT"}]',
            **{name: trade[name] for name in ("trade_no", "out_trade_no", "trade_status", "total_amount")},
        }
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        return urlencode({**fields, "sign": sign(self.key, text), "sign_type": facts.get("sign_type", "RSA2")})


def ok(**facts: Any) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **facts}


def refusal(sub_code: str) -> dict[str, Any]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "业务失败"}


class _GbkName(zipfile.ZipInfo):
    """A name in GBK that does not say so: what a ZIP from there looks like."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 — zipfile's own name.
        return self.filename.encode("gbk"), self.flag_bits


def make_bill(rows: list[dict[str, str]], *, whole: bool, missing: int) -> bytes:
    """A ZIP of two files in GBK, as Alipay packs them; `missing` of the rows are only in the totals."""
    lines = ["#支付宝业务明细查询", f"#账号：[{SELLER}0156]", "#起始日期：[2026年11月22日 00:00:00]   终止日期：[…]"]
    lines += [f"#{'-' * 41}业务明细列表{'-' * 40}", _COLUMNS]
    for row in rows[missing:]:
        cells = dict.fromkeys(_COLUMNS.split(","), "0.00") | {"商品名称": "茶叶", "门店名称": "", "备注": ""} | row
        lines.append(",".join(f"{cells[name]}\t" for name in _COLUMNS.split(",")))
    if whole:
        lines.append(f"#{'-' * 41}业务明细列表结束{'-' * 36}")
        for kind, words in (("交易", "商家实收共"), ("退款", "商家实收退款共")):
            of = [Decimal(row["商家实收（元）"]) for row in rows if row["业务类型"] == kind]
            lines.append(f"#{kind}合计：{len(of)}笔，{words}{sum(of, Decimal('0.00'))}元，商家优惠共0.00元")
        lines.append("#导出时间：[2026年11月23日 09:12:33]")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("业务明细", "\r\n".join(lines) + "\r\n"), ("业务明细(汇总)", "#汇总\r\n")):
            archive.writestr(_GbkName(f"{SELLER}0156_20261122_{name}.csv"), text.encode("gbk"), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


if __name__ == "__main__":
    serve(Alipay(Path(sys.argv[1])).answer)
