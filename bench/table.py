"""What a table of products at the limit costs: `python -m bench.table [--rows 20000] [--watch 60]`, some minutes.

A shop is opened as anybody opens it, with as many goods as a table may have rows. Its own table is saved as CSV, each
long text widened until the file is as large as one may be, and taken back as the desk takes it: read and looked at,
then made a bulk, in a process that has what a web process has. Every product has another text as long by then, and the
table no versions, so that all of what was and all of what is wanted are at hand. Then the shop's own job worker does
it, and is watched for a while. Memory is the most that a process had beyond what it began with; of the shop, all.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import database as db
from bench import processes
from bench.errors import BenchError
from bench.shop import Shop, folder, open_shop

_WAIT_S = 900
_MB = 1e6


def measure(*, rows: int, watch_s: int) -> None:
    """This function will print what each step takes, in seconds and in megabytes."""
    with folder(None) as home, open_shop(home / "shop") as shop:
        db.stock_goods(shop.database, count=rows)
        file = home / "products.csv"
        print(f"save: {json.dumps(_step(shop, 'save', file))}", flush=True)
        db.query(shop.database.url, "update catalog_product_text set text = repeat('It was better 茶. ', 100)")
        print(f"take: {json.dumps(_step(shop, 'take', file))}", flush=True)
        print(f"do: {json.dumps(_watch(shop, watch_s))}")


def _step(shop: Shop, step: str, file: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.table", "--step", step, "--file", str(file)],
        env=shop.environment(), capture_output=True, text=True, timeout=_WAIT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The table could not be taken:\n{done.stderr.strip()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _watch(shop: Shop, watch_s: int) -> dict[str, Any]:
    """Watch the shop do the bulk: how many things a second, and the most memory of all of its processes together."""
    begun, before = time.monotonic(), _count_done(shop)
    most, done = 0, before
    while time.monotonic() < begun + watch_s:
        most = max(most, processes.pss_bytes([shop.pid]))
        done = _count_done(shop)
        time.sleep(1)
    took_s = time.monotonic() - begun
    return {
        "things": done - before,
        "ms_each": round(1000 * took_s / max(done - before, 1), 1),
        "shop_mb": round(most / _MB),
        "failed": db.query(shop.database.url, "select count(*) from bulk_item where state = 'FAILED'")[0][0],
    }


def _count_done(shop: Shop) -> int:
    ((count,),) = db.query(shop.database.url, "select count(*) from bulk_item where state = 'DONE'")
    return int(count)


def _run(step: str, file: Path) -> dict[str, Any]:
    """Do one step in the shop of the environment; this half runs in a process of its own."""
    import django  # noqa: PLC0415 — only now are there settings.

    django.setup()
    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import log  # noqa: PLC0415

    # Standard output is for the answer.
    log.set_up(process="bench")
    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    return _save(asker, file) if step == "save" else _take(asker, file)


def _save(asker: Any, file: Path) -> dict[str, Any]:  # noqa: ANN401 — as above.
    from evertill.journeys.export_table import export_table  # noqa: PLC0415
    from evertill.journeys.tabulate_products import products_table  # noqa: PLC0415
    from evertill.kernel import clock, config  # noqa: PLC0415

    before_mb, begun = _most_mb(), time.monotonic()
    saved = export_table(asker=asker, table=products_table(), filters={}, form="csv", why="bench", now=clock.now())
    took = {"seconds": round(time.monotonic() - begun, 1), "mb": round(_most_mb() - before_mb)}
    limits = config.get()
    widened = _widened(saved.content, limits.table_bytes_max, chars_max=limits.product_text_chars_max)
    file.write_bytes(widened)
    return {**took, "rows": saved.rows, "saved_bytes": len(saved.content), "widened_bytes": file.stat().st_size}


def _widened(content: bytes, bytes_max: int, *, chars_max: int) -> bytes:
    """Give each product a text, so that the file has as many bytes as it may have, and hardly fewer."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    place = rows[0].index("text_en")
    each = min((bytes_max - len(content)) // (len(rows) - 1) - 1, chars_max)
    for number, row in enumerate(rows[1:]):
        row[place] += (f"{number} is good for a long time. " * each)[:each].strip().ljust(each, ".")
    out = io.StringIO(newline="")
    version = rows[0].index("version")
    csv.writer(out).writerows(row[:version] + row[version + 1 :] for row in rows)
    return "\ufeff".encode() + out.getvalue().encode()


def _take(asker: Any, file: Path) -> dict[str, Any]:  # noqa: ANN401 — as above.
    from evertill.journeys.make_bulk import confirm_bulk, make_bulk  # noqa: PLC0415
    from evertill.journeys.take_products import read_products  # noqa: PLC0415
    from evertill.kernel import clock  # noqa: PLC0415

    before_mb, begun = _most_mb(), time.monotonic()
    sent = read_products(asker=asker, content=file.read_bytes(), now=clock.now())
    read_s, read_mb = time.monotonic() - begun, _most_mb() - before_mb
    if sent.wrong:
        raise BenchError(f"{len(sent.wrong)} rows are wrong, such as {sent.wrong[0]}.")
    begun = time.monotonic()
    made = make_bulk(
        asker=asker, operation="catalog.edit-many", targets=sent.targets, options={"table": sent.counts}, why="bench",
        now=clock.now(),
    )  # fmt: skip
    made_s, made_mb = time.monotonic() - begun, _most_mb() - before_mb
    confirm_bulk(asker=asker, bulk_id=made.id, now=clock.now())
    return {
        "things": len(sent.targets),
        "read_seconds": round(read_s, 1),
        "read_mb": round(read_mb),
        "made_seconds": round(made_s, 1),
        "made_mb": round(made_mb),
    }


def _most_mb() -> float:
    """The most memory that this process ever had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / _MB


def main() -> None:
    """This function will print what saving, taking and doing such a table costs."""
    parser = argparse.ArgumentParser(prog="python -m bench.table", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the table (%(default)s)")
    parser.add_argument("--watch", type=int, default=60, help="seconds for which the job is watched (%(default)s)")
    parser.add_argument("--step", choices=("save", "take"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(_run(asked.step, asked.file)))
        return
    measure(rows=asked.rows, watch_s=asked.watch)


if __name__ == "__main__":
    main()
