"""Twilio's Messages API as its public description has it: the credentials of every call are checked.

`python -m tests.twins.twilio FOLDER`. /twin/… is how tests direct it, and no part of Twilio.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.twins.serving import Call, Faults, Reply, as_json, serve

ACCOUNT, TOKEN = "AC0123456789abcdef0123456789abcdef", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY_SID, KEY_SECRET = "SK0123456789abcdef0123456789abcdef", "twins-key-secret"
NUMBER, SERVICE = "+15005550006", "MG0123456789abcdef0123456789abcdef"
_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
# Numbers that it answers so, as its test credentials do.
_REFUSALS = {"+15005550001": 21211, "+15005550009": 21614, "+15005550003": 21408, "+15005550004": 21610}


class Twilio:
    def __init__(self, _: Path) -> None:
        self.faults = Faults()
        self.sent: list[dict[str, str]] = []

    def answer(self, call: Call) -> Reply:  # noqa: PLR0911 — one for each way it answers.
        if call.path.startswith("/twin/"):
            return as_json(self.direct(call.path.removeprefix("/twin/"), json.loads(call.body or b"{}")))
        self.faults.slow()
        names = self.faults.names
        if "broken" in names:
            return Reply(status=503, body=b"<html>")
        if "limited" in names:
            return refusal(20429, status=429)
        if not is_known(call.headers.get("authorization", "")):
            return refusal(20003, status=401)
        if (call.method, call.path) != ("POST", _PATH):
            return refusal(20404, status=404)
        assert call.headers["content-type"] == "application/x-www-form-urlencoded"
        reply = self.create(dict(parse_qsl(call.body.decode(), keep_blank_values=True)))
        if "silent_after" in names:
            return Reply(is_silent=True)
        if "half" in names:
            reply.body = reply.body[: len(reply.body) // 2]
        return reply

    def create(self, form: dict[str, str]) -> Reply:
        if form.get("MessagingServiceSid") != SERVICE and form.get("From") != NUMBER:
            return refusal(21212)
        if not form.get("Body"):
            return refusal(21602)
        if len(form["Body"]) > 1600:
            return refusal(21617)
        to = form.get("To", "")
        if to in _REFUSALS or not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return refusal(_REFUSALS.get(to, 21211))
        self.sent.append(form)
        message = {"sid": "SM" + "0" * 32, "status": "failed" if "fails" in self.faults.names else "queued", "to": to}
        return Reply(status=201, headers={"Content-Type": "application/json"}, body=json.dumps(message).encode())

    def direct(self, what: str, facts: dict[str, Any]) -> Any:
        if what == "faults":
            self.faults.names = set(facts["names"])
            return None
        assert what == "sent", what
        sent, self.sent = self.sent, []
        return sent


def is_known(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    words = base64.b64decode(given).decode() if scheme == "Basic" else ""
    return words in {f"{ACCOUNT}:{TOKEN}", f"{KEY_SID}:{KEY_SECRET}"}


def refusal(code: int, *, status: int = 400) -> Reply:
    body = {"code": code, "message": "…", "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return Reply(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


if __name__ == "__main__":
    serve(Twilio(Path(sys.argv[1])).answer)
