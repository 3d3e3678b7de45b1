"""Is it alive, and is it ready for requests? For balancers and supervisors; each answer is small and never cached."""

from __future__ import annotations

from typing import Any

import msgspec

from evertill.entry.lane import orders, payments
from evertill.entry.lane.threads import in_thread
from evertill.journeys.check_readiness import check_readiness
from evertill.kernel.errors import EvertillError


async def healthz(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    """This function will answer 200 as long as the process serves requests."""
    await _send(send, 200, {"status": "alive"})


async def readyz(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    """This function will answer 200 when the database answers, migrations are done and the queue has room."""
    problems = ["queue"] if orders.placing().is_full or payments.paying().is_full else []
    try:
        problems += await in_thread(check_readiness)
    except EvertillError:
        problems.append("database")
    await _send(send, 503 if problems else 200, {"status": "not ready" if problems else "ready", "waits_for": problems})


async def _send(send: Any, status: int, content: dict[str, Any]) -> None:
    body = msgspec.json.encode(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
