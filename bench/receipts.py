"""What a receipt costs an order in processor time: digests, tree, signature and text, by the size of the batch.

    python -m bench.receipts

What the database spends on keeping a batch is part of the figure for a whole order (`python -m bench`).
"""

from __future__ import annotations

import datetime as dt
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evertill.domains.receipts import rules, texts
from evertill.domains.receipts.operations import sign_batch
from evertill.domains.receipts.sealing import Signer
from evertill.domains.receipts.types import FactLine, Facts, PublicKey

_NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
_ORDERS = 8192
_BATCHES = (1, 4, 16, 64, 256)
_ROUNDS = 3
_KEY = bytes(range(32))


def signer() -> Signer:
    """This function will return a key that signs nothing that counts."""
    private = Ed25519PrivateKey.from_private_bytes(_KEY)
    public = private.public_key().public_bytes_raw()
    key = PublicKey(id=rules.key_id_of(public), generation=1, public=public, made_at=_NOW, vouched=b"")
    return Signer(key=key, private=private)


def measure(batch: int, *, by: Signer) -> float:
    """This function will return the microseconds of processor that one order's receipt takes in batches of a size."""
    lines = tuple(FactLine(sku=f"SKU-{place:05}", quantity=2, unit_price=250) for place in range(2))
    began = time.process_time()
    for _ in range(_ORDERS // batch):
        facts = [
            Facts(order_id=place + 1, placed_at=_NOW, currency="GBP", total=1000, lines=lines) for place in range(batch)
        ]
        contacts = [
            rules.digest_contact(key=_KEY, order_id=place + 1, email="buyer@example.org", phone="")
            for place in range(batch)
        ]
        texts.write_all(sign_batch(facts=facts, contacts=contacts, signer=by, now=_NOW), facts=facts)
    return (time.process_time() - began) / (_ORDERS // batch * batch) * 1e6


def main() -> None:
    """This function will print what a receipt costs, the best of a few rounds."""
    by = signer()
    for batch in _BATCHES:
        best = min(measure(batch, by=by) for _ in range(_ROUNDS))
        print(f"batches of {batch:>3}: {best:5.1f} µs of processor per order")


if __name__ == "__main__":
    main()
