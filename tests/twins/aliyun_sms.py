"""Aliyun's SMS API as its public description has it: every call's signature, time and nonce are checked.

`python -m tests.twins.aliyun_sms FOLDER`. /twin/… is how tests direct it, and no part of Aliyun.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.twins.serving import Call, Faults, Reply, as_json, serve

KEY_ID, SECRET = "LTAI5tTwinTwinTwinTwin", "twins-secret-of-30-characters"
SIGN_NAME, CODE_TEMPLATE, NOTICE_TEMPLATE = "茶叶小店", "SMS_100000001", "SMS_100000002"
# What it calls every number that is none of a mobile phone.
_DOMESTIC, _ELSEWHERE = re.compile(r"1[3-9]\d{9}"), re.compile(r"(?!86)[1-9]\d{6,14}")
_SIGNED = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")
_MINUTES_15 = 900
_VARIABLES = {CODE_TEMPLATE: {"code"}, NOTICE_TEMPLATE: {"what"}}
# Fault → what it answers instead of sending.
_ANSWERS = {
    "limited": "isv.BUSINESS_LIMIT_CONTROL",
    "poor": "isv.AMOUNT_NOT_ENOUGH",
    "system": "isp.SYSTEM_ERROR",
    "black": "isv.BLACK_KEY_CONTROL_LIMIT",
}


class AliyunSms:
    def __init__(self, _: Path) -> None:
        self.faults = Faults()
        self.sent: list[dict[str, Any]] = []
        self.nonces: set[str] = set()

    def answer(self, call: Call) -> Reply:
        if call.path.startswith("/twin/"):
            return as_json(self.direct(call.path.removeprefix("/twin/"), json.loads(call.body or b"{}")))
        self.faults.slow()
        names = self.faults.names
        if "broken" in names:
            return Reply(status=502, body=b"<html>")
        problem = self.problem(call)
        if problem:
            status, code = problem
            return told(code, status=status)
        if "throttled" in names:
            return told("Throttling.User", status=400)
        code = self.send(call.query)
        if "silent_after" in names:
            return Reply(is_silent=True)
        reply = told(code)
        if "half" in names:
            reply.body = reply.body[: len(reply.body) // 2]
        if "drip" in names:
            reply.drip_s = 0.2
        return reply

    def problem(self, call: Call) -> tuple[int, str] | None:  # noqa: PLR0911 — one for each thing that can be wrong.
        given = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
            call.headers.get("authorization", ""),
        )
        if given is None:
            return 400, "IncompleteSignature"
        key_id, names, signature = given.groups()
        if key_id != KEY_ID:
            return 404, "InvalidAccessKeyId.NotFound"
        must = {name for name in call.headers if name.startswith("x-acs-") or name in {"host", "content-type"}}
        if set(names.split(";")) != must | set(_SIGNED) or names.split(";") != sorted(names.split(";")):
            return 400, "IncompleteSignature"
        if call.headers["x-acs-content-sha256"] != hashlib.sha256(call.body).hexdigest():
            return 400, "SignatureDoesNotMatch"
        if not hmac.compare_digest(signature, sign(call, names.split(";"))):
            return 400, "SignatureDoesNotMatch"
        at = dt.datetime.strptime(call.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        if abs((dt.datetime.now(dt.UTC) - at).total_seconds()) > _MINUTES_15:
            return 400, "InvalidTimeStamp.Expired"
        nonce = call.headers["x-acs-signature-nonce"]
        if nonce in self.nonces:
            return 400, "SignatureNonceUsed"
        self.nonces.add(nonce)
        if (call.headers["x-acs-action"], call.headers["x-acs-version"]) != ("SendSms", "2017-05-25"):
            return 404, "InvalidAction.NotFound"
        return None

    def send(self, asked: dict[str, str]) -> str:  # noqa: PLR0911 — as above.
        number = asked["PhoneNumbers"]
        for fault, code in _ANSWERS.items():
            if fault in self.faults.names:
                return code
        if asked["SignName"] != SIGN_NAME:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        variables = _VARIABLES.get(asked["TemplateCode"])
        if variables is None:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        values = json.loads(asked["TemplateParam"])
        if not variables <= set(values):
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        if not all(isinstance(value, str) for value in values.values()):
            return "isv.INVALID_JSON_PARAM"
        if "code" in values and not re.fullmatch(r"[0-9A-Za-z]{4,6}", values["code"]):
            return "isv.PARAM_LENGTH_LIMIT"
        if not (_DOMESTIC.fullmatch(number) or _ELSEWHERE.fullmatch(number)):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        self.sent.append({"to": number, "template": asked["TemplateCode"], "values": values, "out": asked["OutId"]})
        return "OK"

    def direct(self, what: str, facts: dict[str, Any]) -> Any:
        if what == "faults":
            self.faults.names = set(facts["names"])
            return None
        assert what == "sent", what
        sent, self.sent = self.sent, []
        return sent


def sign(call: Call, names: list[str]) -> str:
    """The signature over the call as it came, by the steps of the description."""
    split = urlsplit(call.raw_target)
    pairs = [part.partition("=") for part in split.query.split("&") if part]
    encoded = sorted((quote(unquote(name), safe=""), quote(unquote(value), safe="")) for name, _, value in pairs)
    query = "&".join(f"{name}={value}" for name, value in encoded)
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in names)
    request = "\n".join(
        [call.method, split.path, query, headers, ";".join(names), hashlib.sha256(call.body).hexdigest()]
    )
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def told(code: str, *, status: int = 200) -> Reply:
    body: dict[str, str] = {"Code": code, "Message": "…", "RequestId": "1C7A5B4E-0000-5000-8000-0123456789AB"}
    if code == "OK":
        body["BizId"] = "900619746936498440^0"
    return Reply(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


if __name__ == "__main__":
    serve(AliyunSms(Path(sys.argv[1])).answer)
