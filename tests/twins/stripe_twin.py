"""What localstripe does not have of Stripe, as a process in front of it: `python -m tests.twins.stripe_twin`.

Localstripe keeps payment methods, payment intents, charges, refunds and their balance transactions. This adds, after
Stripe's public documents: Checkout Sessions, idempotency keys, refunds within what was charged, fees, disputes,
payouts, the balance of a period, and signed events. Below /_twin/ is what a customer, a bank or a bad network would do.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.server
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

_KEYS: dict[str, tuple[str, int, Any]] = {}
_SESSIONS: dict[str, dict[str, Any]] = {}
_DISPUTES: dict[str, dict[str, Any]] = {}
_MOVES: list[dict[str, Any]] = []
_CALLS: list[dict[str, Any]] = []
# How many calls from now on are not answered (`lose`: done all the same), or answered 429, 409 or 500; `lose_after`
# names a call, and every one behind it is lost.
_FAULTS: dict[str, Any] = {}
_TOPIC = "checkout.session"
_SESSION_PARAMS = {
    "adaptive_pricing", "cancel_url", "client_reference_id", "expand", "expires_at", "line_items", "metadata", "mode",
    "payment_intent_data", "success_url",
}  # fmt: skip


class Refused(Exception):
    def __init__(self, status: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": "invalid_request_error", "message": message, **more}}


def unflatten(text: str) -> dict[str, Any]:
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}; `a[]` counts on."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = re.findall(r"[^\[\]]+|\[\]", name)
        place = tree
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[str(len(place)) if path[-1] == "[]" else path[-1]] = value
    return tree


def new(prefix: str) -> str:
    return f"{prefix}_test_{secrets.token_hex(12)}"


def page(items: list[dict[str, Any]], url: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """One page of a list, the newest first."""
    made = query.get("created", {})
    tests = {"gte": int.__ge__, "gt": int.__gt__, "lte": int.__le__, "lt": int.__lt__}
    kept = [
        item
        for item in sorted(items, key=lambda item: (item["created"], item["id"]), reverse=True)
        if all(tests[name](int(item["created"]), int(limit)) for name, limit in made.items())
    ]
    if after := query.get("starting_after"):
        kept = kept[[item["id"] for item in kept].index(after) + 1 :]
    limit = int(query.get("limit", 10))
    if not 1 <= limit <= 100:
        raise Refused(400, "Invalid limit", param="limit")
    return {"object": "list", "url": url, "has_more": len(kept) > limit, "data": kept[:limit]}


class Twin:
    def __init__(self, *, localstripe: str, webhook: str, signing: list[str]) -> None:
        self._local = httpx.Client(
            base_url=localstripe,
            auth=("sk_test_12345", ""),
            trust_env=False,
            verify=False,  # noqa: S501 — there is no TLS here.
            timeout=60,
        )
        self._webhook = webhook
        self._signing = signing

    def answer(self, method: str, path: str, query: dict[str, Any], body: dict[str, Any], here: str) -> Any:  # noqa: PLR0911 — a table.
        parts = path.strip("/").split("/")
        match (method, parts[1:]):
            case ("POST", ["checkout", "sessions"]):
                return self._open(body, here)
            case ("GET", ["checkout", "sessions"]):
                return self._sessions(path, query)
            case ("GET", ["checkout", "sessions", session_id]):
                return self._expanded(_session(session_id), query)
            case ("POST", ["checkout", "sessions", session_id, "expire"]):
                return self._expire(_session(session_id), body)
            case ("GET", ["payment_intents", payment_id]):
                return self._payment(payment_id)
            case ("POST", ["refunds"]):
                return self._refund(body)
            case ("GET", ["disputes"]):
                found = [d for d in _DISPUTES.values() if d["payment_intent"] == query["payment_intent"]]
                return page(found, path, query)
            case ("GET", ["balance_transactions"]):
                return page([self._with_source(move) for move in self._moves()], path, query)
            case _:
                return self.local(method, path, params=_flat(query), data=_flat(body))

    def local(self, method: str, path: str, **more: Any) -> Any:
        answer = self._local.request(method, path, **more)
        told = answer.json()
        if answer.status_code >= 400:
            error = told["error"]
            refused = Refused(answer.status_code, error.get("message", ""))
            refused.body = {"error": error}
            raise refused
        return told

    def _open(self, body: dict[str, Any], here: str) -> dict[str, Any]:
        if unknown := sorted(body.keys() - _SESSION_PARAMS):
            raise Refused(400, f"Received unknown parameter: {unknown[0]}", code="parameter_unknown")
        now = int(time.time())
        expires_at = int(body.get("expires_at", now + 86_400))
        if not now + 1_800 <= expires_at <= now + 86_400:
            raise Refused(400, "The `expires_at` timestamp must be 30 minutes to 24 hours away.", param="expires_at")
        price = body["line_items"]["0"]["price_data"]
        if (
            not price["product_data"]["name"]
            or body["mode"] != "payment"
            or price["currency"] != price["currency"].lower()
        ):
            raise Refused(400, "Invalid request.")
        session_id = new("cs")
        _SESSIONS[session_id] = {
            "id": session_id,
            "object": _TOPIC,
            "created": now,
            "expires_at": expires_at,
            "status": "open",
            "payment_status": "unpaid",
            "url": f"{here}/c/pay/{session_id}",
            "client_reference_id": body.get("client_reference_id"),
            "metadata": body.get("metadata", {}),
            "amount_total": int(price["unit_amount"]) * int(body["line_items"]["0"]["quantity"]),
            "currency": price["currency"],
            "payment_intent": None,
            "_data": body.get("payment_intent_data", {}),
        }
        return _shown(_SESSIONS[session_id])

    def _sessions(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        listed = page(list(_SESSIONS.values()), path, query)
        return {**listed, "data": [self._expanded(session, query) for session in listed["data"]]}

    def _expanded(self, session: dict[str, Any], query: Mapping[str, Any]) -> dict[str, Any]:
        payment = session["payment_intent"]
        wanted = any("payment_intent" in path for path in query.get("expand", {}).values())
        return _shown(session) | {"payment_intent": self._payment(payment) if payment and wanted else payment}

    def _payment(self, payment_id: str) -> dict[str, Any]:
        told = dict(self.local("GET", f"/v1/payment_intents/{payment_id}"))
        charge = told["latest_charge"]
        if charge and charge["balance_transaction"]:
            moved = self.local("GET", f"/v1/balance_transactions/{charge['balance_transaction']}")
            charge["balance_transaction"] = _with_fee(moved)
        return told | {"amount_received": told["amount"] if told["status"] == "succeeded" else 0}

    def _expire(self, session: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if session["status"] != "open":
            raise Refused(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
        session["status"] = "expired"
        self._tell("checkout.session.expired", session)
        return self._expanded(session, body)

    def _refund(self, body: dict[str, Any]) -> Any:
        payment = self._payment(body["payment_intent"])
        others = self.local("GET", "/v1/refunds", params={"payment_intent": payment["id"], "limit": 1000})["data"]
        if int(body["amount"]) > payment["amount"] - sum(other["amount"] for other in others):
            raise Refused(400, "Refund amount is greater than unrefunded amount on charge.", param="amount")
        return self.local("POST", "/v1/refunds", data=_flat(body))

    def _moves(self) -> list[dict[str, Any]]:
        local = self.local("GET", "/v1/balance_transactions", params={"limit": 10_000})["data"]
        return [_with_fee(move) for move in local] + _MOVES

    def _with_source(self, move: dict[str, Any]) -> dict[str, Any]:
        source = move["source"]
        if source in _DISPUTES:
            return move | {"source": _DISPUTES[source]}
        if not isinstance(source, str) or source[:3] not in ("ch_", "re_"):
            return move
        told = self.local("GET", f"/v1/{'charges' if source.startswith('ch_') else 'refunds'}/{source}")
        if source.startswith("ch_"):
            # Stripe copies a payment's metadata to its charge.
            told["metadata"] = self.local("GET", f"/v1/payment_intents/{told['payment_intent']}")["metadata"]
        return move | {"source": told}

    def act(self, words: list[str], body: dict[str, Any]) -> Any:  # noqa: C901 — a table.
        match words:
            case ["faults"]:
                _FAULTS.clear()
                _FAULTS.update(body)
            case ["calls"]:
                told = list(_CALLS)
                _CALLS.clear()
                return told
            case ["forget"]:
                _KEYS.clear()
            case ["sessions"]:
                found = (s for s in _SESSIONS.values() if s["client_reference_id"] == body["number"])
                return [_shown(session) for session in found]
            case ["crowd", session_id]:
                # The same page for many others.
                for place in range(body["count"]):
                    _SESSIONS[f"{session_id}{place}"] = _session(session_id) | {
                        "id": f"{session_id}{place}",
                        "client_reference_id": f"other-{place}",
                    }
            case ["pay", session_id]:
                self._pay(_session(session_id), body)
            case ["dispute", payment_id]:
                return self._dispute(payment_id, body)
            case ["move"]:
                made = {"object": "balance_transaction", "created": int(time.time()), **body}
                _MOVES.extend(made | {"id": new("txn")} for _ in range(made.pop("times", 1)))
            case ["clear"]:
                self._local.delete("/_config/data")
                for kept in (_KEYS, _SESSIONS, _DISPUTES, _MOVES, _CALLS):
                    kept.clear()
            case _:
                raise Refused(404, "Unknown act.")
        return {}

    def _pay(self, session: dict[str, Any], body: dict[str, Any]) -> None:
        """The customer fills in the page."""
        method = self.local("POST", "/v1/payment_methods", data=_flat(body["method"]))
        payment = self.local(
            "POST",
            "/v1/payment_intents",
            data=_flat(
                {
                    "amount": str(body.get("amount", session["amount_total"])),
                    "currency": body.get("currency", session["currency"]),
                    "payment_method": method["id"],
                    "metadata": session["_data"]["metadata"],
                    "capture_method": body.get("capture_method", session["_data"]["capture_method"]),
                }
            ),
        )
        session["payment_intent"] = payment["id"]
        try:
            paid = self.local("POST", f"/v1/payment_intents/{payment['id']}/confirm")
        except Refused as refused:
            if refused.status != 402:
                raise
            return
        session["status"] = "complete"
        session["payment_status"] = "paid" if paid["status"] == "succeeded" else "unpaid"
        self._tell("checkout.session.completed", session)

    def _dispute(self, payment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """The customer's bank opens a dispute, or decides the one that there is."""
        payment = self.local("GET", f"/v1/payment_intents/{payment_id}")
        known = next((d for d in _DISPUTES.values() if d["payment_intent"] == payment_id), None)
        dispute = known or {
            "id": new("dp"),
            "object": "dispute",
            "created": int(time.time()),
            "amount": body["amount"],
            "currency": payment["currency"],
            "payment_intent": payment_id,
            "reason": "fraudulent",
            "metadata": {},
            "balance_transactions": [],
            "evidence_details": {"due_by": int(time.time()) + 7 * 86_400},
        }
        dispute["status"] = body["status"]
        _DISPUTES[dispute["id"]] = dispute
        amount = {"needs_response": -dispute["amount"], "won": dispute["amount"]}.get(body["status"], 0)
        if amount:
            fee = 1500 if amount < 0 else 0
            told = {"type": "adjustment", "amount": amount, "currency": payment["currency"], "fee": fee}
            self.act(["move"], told | {"source": dispute["id"]})
            dispute["balance_transactions"].append(_MOVES[-1])
        self._tell("charge.dispute.created" if known is None else "charge.dispute.updated", dispute)
        return dispute

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        if not self._webhook:
            return
        event = {"id": new("evt"), "object": "event", "type": kind, "data": {"object": _shown(about)}}
        body = json.dumps(event, indent=2).encode()
        moment = b"%d" % time.time()
        signed = [hmac.new(key.encode(), moment + b"." + body, hashlib.sha256).hexdigest() for key in self._signing]
        header = f"t={moment.decode()}," + ",".join(f"v1={digest}" for digest in signed) + ",v0=0123"
        self._local.post(
            self._webhook,
            content=body,
            headers={"Stripe-Signature": header, "Content-Type": "application/json; charset=utf-8"},
        )


def _session(session_id: str) -> dict[str, Any]:
    if session_id not in _SESSIONS:
        raise Refused(404, f"No such checkout.session: '{session_id}'", code="resource_missing")
    return _SESSIONS[session_id]


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if not name.startswith("_")}


def _with_fee(move: dict[str, Any]) -> dict[str, Any]:
    # 1.5 % and 20, as for cards of the United Kingdom; of ISK whole units, because there are no others.
    fee = move["amount"] * 15 // 1000 + 20 if move["type"] == "charge" else 0
    return move | {"fee": fee - fee % 100 if move["currency"] == "isk" else fee}


def _flat(tree: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        path = f"{before}[{name}]" if before else name
        flat |= _flat(value, path) if isinstance(value, dict) else {path: str(value)}
    return flat


class Handler(http.server.BaseHTTPRequestHandler):
    twin: Twin
    lock = threading.Lock()
    protocol_version = "HTTP/1.1"
    # Else the body would wait until the head is known to have come, 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle("GET", "")

    def do_POST(self) -> None:
        self._handle("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _handle(self, method: str, text: str) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/_twin/"):
            status, told = self._try(lambda: self.twin.act(address.path.split("/")[2:], json.loads(text or "{}")))
            self._say(status, told)
            return
        with self.lock:
            _CALLS.append({"call": f"{method} {address.path}", "headers": dict(self.headers), "body": text})
        status, told = self._once(method, address.path, address.query, text)
        if self._struck("lose"):
            self.close_connection = True
            return
        if _FAULTS.get("lose_after") == f"{method} {address.path}":
            _FAULTS["lose"] = 1_000
        self._say(status, told)

    def _once(self, method: str, path: str, query: str, text: str) -> tuple[int, Any]:
        if not re.fullmatch(r"Bearer sk_test_\w+", self.headers.get("Authorization", "")):
            message = f"Invalid API Key provided: {self.headers.get('Authorization')}"
            return 401, {"error": {"type": "invalid_request_error", "message": message}}
        for fault, status in (("limit", 429), ("conflict", 409), ("break", 500)):
            if self._struck(fault):
                return status, {"error": {"type": "api_error", "message": fault}}
        key = self.headers.get("Idempotency-Key", "") if method == "POST" else ""
        known = _KEYS.get(key)
        if known is not None and known[0] != f"{path} {text}":
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            return 400, {"error": {"type": "idempotency_error", "message": message}}
        if known is not None:
            return known[1], known[2]
        here = f"http://{self.headers['Host']}"
        status, told = self._try(lambda: self.twin.answer(method, path, unflatten(query), unflatten(text), here))
        if key and status == 200:
            _KEYS[key] = (f"{path} {text}", status, told)
        return status, told

    def _try(self, do: Any) -> tuple[int, Any]:
        try:
            return 200, do()
        except Refused as refused:
            return refused.status, refused.body
        except httpx.HTTPError:
            return 503, {"error": {"type": "api_error", "message": "localstripe does not answer"}}

    def _struck(self, fault: str) -> bool:
        with self.lock:
            left = _FAULTS.get(fault, 0)
            _FAULTS[fault] = max(left - 1, 0)
        return left > 0

    def _say(self, status: int, told: Any) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", new("req"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests read what was called, not a log."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--localstripe", required=True)
    parser.add_argument("--webhook", default="")
    parser.add_argument("--signing", action="append", default=[])
    asked = parser.parse_args()
    Handler.twin = Twin(localstripe=asked.localstripe, webhook=asked.webhook, signing=asked.signing)
    http.server.ThreadingHTTPServer(("127.0.0.1", asked.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
