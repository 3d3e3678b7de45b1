"""Run as a program beside a restored shop: names every order that it lost by the receipts in a file, and puts it back.

What it says is one JSON object: `lost`, the ids that the receipts name and the shop did not know, and `left`, those of
which that is still so afterwards.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import django


def main(file: Path) -> None:
    django.setup()
    from evertill.entry.cli.common import asker
    from evertill.journeys.rebuild_order import RebuildOrder, rebuild_order
    from evertill.journeys.verify_receipt import Standing, Verified, check_receipts
    from evertill.kernel import clock

    texts = file.read_text(encoding="utf-8").split()

    def lost() -> Iterator[tuple[str, Verified]]:
        for checked in check_receipts(texts=texts):
            assert checked.verified is not None, checked.refusal
            assert checked.verified.standing is not Standing.DIFFERENT, checked.verified.differences
            if checked.verified.standing is Standing.LOST:
                yield checked.text, checked.verified

    named = list(lost())
    for text, _ in named:
        asked = RebuildOrder(text=text, email="b@example.com", why="lost with the machine")
        rebuild_order(asker=asker(), asked=asked, now=clock.now())
    said = {
        "lost": [verified.receipt.order_id for _, verified in named],
        "left": [verified.receipt.order_id for _, verified in lost()],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
