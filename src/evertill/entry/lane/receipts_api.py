"""Receipts over HTTP: the keys by which anybody can check one."""

from __future__ import annotations

from litestar import Response, get

from evertill.entry.lane.document import problems
from evertill.entry.lane.threads import in_thread
from evertill.journeys.publish_keys import KeysTold, tell_keys
from evertill.kernel import clock


@get(
    "/receipts/keys",
    summary="Read the keys of receipts",
    description="Every key with which this shop signed receipts; keep a copy, and check receipts offline by it.",
    operation_id="readReceiptKeys",
    response_description="The public keys, the newest last.",
    responses=problems(),
    tags=["receipts"],
)
async def read_receipt_keys() -> Response[KeysTold]:
    """This function will return the public halves of the keys that signed receipts."""
    told = await in_thread(tell_keys, now=clock.now())
    return Response(told, headers={"cache-control": "public, max-age=300"})
