"""What a table of products at the limit costs: `python -m bench.table [--rows 20000]`, some five minutes.

A shop is opened as anybody opens it, with as many goods as a table may have rows. Its own table is saved as CSV, each
long text widened until the file is as large as one may be, and taken back as the desk takes it: read and looked at,
then made a bulk, in a process that has what a web process has. Every product has another text as long by then, and the
table no versions, so that all of what was and all of what is wanted are at hand. Then the shop's own job worker does
it, and is watched until it has. Then somebody at the desk sends such a file over HTTP: once while the shop does nothing
else, and once more while its job worker does all that the first one says. Memory is the most that a process had beyond
what it began with; of the shop, the most that all of its processes had together.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import database as db
from bench import processes
from bench.errors import BenchError
from bench.shop import Shop, folder, open_shop

_WAIT_S = 900
_LOOK_S = 0.5
_TOKEN = "t" * 32
_MB = 1e6


def measure(*, rows: int) -> None:
    """This function will print what each step takes, in seconds and in megabytes."""
    with folder(None) as home, open_shop(home / "shop") as shop:
        db.stock_goods(shop.database, count=rows)
        files = [home / f"products-{number}.csv" for number in range(3)]
        print(f"save: {json.dumps(_step(shop, 'save', *files))}", flush=True)
        db.query(shop.database.url, "update catalog_product_text set text = repeat('It was better 茶. ', 100)")
        print(f"take: {json.dumps(_step(shop, 'take', files[0]))}", flush=True)
        print(f"do: {json.dumps(_watch(shop, lambda: _end(shop)))}", flush=True)
        desk = Desk(shop=shop, secret=_step(shop, "enter")["secret"])
        numbers: list[str] = []
        print(f"send: {json.dumps(_watch(shop, lambda: numbers.append(desk.send(files[1]))))}", flush=True)

        def both() -> None:
            desk.begin(numbers[0])
            desk.send(files[2])
            _end(shop)

        print(f"send while it is done: {json.dumps(_watch(shop, both))}")


def _step(shop: Shop, step: str, *files: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.table", "--step", step, "--files", *map(str, files)],
        env=shop.environment(), capture_output=True, text=True, timeout=_WAIT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The table could not be taken:\n{done.stderr.strip()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody at the shop's desk, who sends tables and begins what they say."""

    shop: Shop
    secret: str

    def send(self, file: Path) -> str:
        """This function will send a table of products, and return the number of the bulk that it makes."""
        head = (
            f'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{_TOKEN}\r\n'
            '--x\r\nContent-Disposition: form-data; name="file"; filename="products.csv"\r\n\r\n'
        )
        body = head.encode() + file.read_bytes() + b"\r\n--x--\r\n"
        where = self._post("catalogue/table", body, kind="multipart/form-data; boundary=x")
        return where.rpartition("/bulk/")[2].partition("/")[0]

    def begin(self, number: str) -> None:
        """This function will begin a bulk."""
        body = f"csrfmiddlewaretoken={_TOKEN}".encode()
        self._post(f"bulk/{number}/begin", body, kind="application/x-www-form-urlencoded")

    def _post(self, path: str, body: bytes, *, kind: str) -> str:
        connection = http.client.HTTPConnection(self.shop.host, self.shop.port, timeout=_WAIT_S)
        headers = {
            "Content-Type": kind,
            "Cookie": f"session={self.secret}; csrftoken={_TOKEN}",
            "Sec-Fetch-Site": "same-origin",
        }
        with closing(connection):
            connection.request("POST", f"/en/desk/{path}", body=body, headers=headers)
            answer = connection.getresponse()
            where = answer.headers.get("Location", "")
            if not where:
                raise BenchError(f"The desk said {answer.status} to {path}.")
        return where


def _watch(shop: Shop, do: Callable[[], object]) -> dict[str, Any]:
    """Watch the shop while something is done: how many things in what time, and the most memory of all processes."""
    before, begun, most = _count_done(shop), time.monotonic(), 0
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(do)
        while not doing.done():
            most = max(most, processes.pss_bytes([shop.pid]))
            time.sleep(_LOOK_S)
        doing.result()
    took_s, done = time.monotonic() - begun, _count_done(shop) - before
    told = {"seconds": round(took_s, 1), "shop_mb": round(most / _MB)}
    if done:
        failed = db.query(shop.database.url, "select count(*) from bulk_item where state = 'FAILED'")[0][0]
        told |= {"things": done, "ms_each": round(1000 * took_s / done, 2), "failed": failed}
    return told


def _end(shop: Shop) -> None:
    deadline = time.monotonic() + _WAIT_S
    while db.query(shop.database.url, "select 1 from bulk_bulk where state = 'RUNNING'"):
        if time.monotonic() > deadline:
            raise BenchError("The bulk did not end.")
        time.sleep(0.2)


def _count_done(shop: Shop) -> int:
    ((count,),) = db.query(shop.database.url, "select count(*) from bulk_item where state = 'DONE'")
    return int(count)


def _run(step: str, files: Sequence[Path]) -> dict[str, Any]:
    """Do one step in the shop of the environment; this half runs in a process of its own."""
    import django  # noqa: PLC0415 — only now are there settings.

    django.setup()
    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import log  # noqa: PLC0415

    # Standard output is for the answer.
    log.set_up(process="bench")
    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    if step == "enter":
        return _enter()
    return _save(asker, files) if step == "save" else _take(asker, files[0])


def _enter() -> dict[str, Any]:
    """Make an administrator who is signed in."""
    from evertill.domains import access, accounts, identity  # noqa: PLC0415 — as above.
    from evertill.domains.identity import Factor  # noqa: PLC0415
    from evertill.kernel import clock, db, ids  # noqa: PLC0415

    now = clock.now()
    with db.write():
        (account_id,) = ids.new_ids(1, now=now)
        accounts.open_account(account_id=account_id, display_name="Bench", language="en", now=now)
        access.add_staff(account_id=account_id, by="OPERATOR:bench", now=now)
        access.grant_role(account_id=account_id, role="administrator", by="OPERATOR:bench", why="", now=now)
        factors = [Factor.PASSKEY]
        secret = identity.sessions.start(
            account_id=account_id, is_staff=True, factors=factors, device="bench", place="127.0.0.0/8", now=now
        )
    return {"secret": secret}


def _save(asker: Any, files: Sequence[Path]) -> dict[str, Any]:  # noqa: ANN401 — as above.
    from evertill.journeys.export_table import export_table  # noqa: PLC0415
    from evertill.journeys.tabulate_products import products_table  # noqa: PLC0415
    from evertill.kernel import clock, config  # noqa: PLC0415

    before_mb, begun = _most_mb(), time.monotonic()
    saved = export_table(asker=asker, table=products_table(), filters={}, form="csv", why="bench", now=clock.now())
    took = {"seconds": round(time.monotonic() - begun, 1), "mb": round(_most_mb() - before_mb)}
    limits = config.get()
    for number, file in enumerate(files):
        file.write_bytes(
            _widened(saved.content, limits.table_bytes_max, chars_max=limits.product_text_chars_max, told=number)
        )
    sizes = {"saved_bytes": len(saved.content), "widened_bytes": files[0].stat().st_size}
    return {**took, "rows": saved.rows, **sizes}


def _widened(content: bytes, bytes_max: int, *, chars_max: int, told: int) -> bytes:
    """Give each product a text with a number, so that the file has as many bytes as it may have, and hardly fewer."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    place = rows[0].index("text_en")
    each = min((bytes_max - len(content)) // (len(rows) - 1) - 1, chars_max)
    for number, row in enumerate(rows[1:]):
        row[place] += (f"{number} is good for {told} years. " * each)[:each].strip().ljust(each, ".")
    out = io.StringIO(newline="")
    version = rows[0].index("version")
    csv.writer(out).writerows(row[:version] + row[version + 1 :] for row in rows)
    return "\ufeff".encode() + out.getvalue().encode()


def _take(asker: Any, file: Path) -> dict[str, Any]:  # noqa: ANN401 — as above.
    from evertill.journeys.make_bulk import confirm_bulk, make_bulk  # noqa: PLC0415
    from evertill.journeys.take_products import read_products  # noqa: PLC0415
    from evertill.kernel import clock  # noqa: PLC0415

    before_mb, begun = _most_mb(), time.monotonic()
    with file.open("rb") as opened:
        sent = read_products(asker=asker, file=opened, now=clock.now())
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
    parser.add_argument("--step", choices=("save", "take", "enter"), help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(_run(asked.step, asked.files)))
        return
    measure(rows=asked.rows)


if __name__ == "__main__":
    main()
