"""A shop of almost nothing, to test `evertill up` itself: `python -m tests.contracts.fake_shop FOLDER PORT WORKERS`.

The module is also the Django settings of that shop.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from evertill.entry.site.accepting import Loads

_address = urlsplit(os.environ.get("DATABASE_URL", ""))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _address.hostname,
        "PORT": _address.port,
        "USER": _address.username,
        "PASSWORD": _address.password,
        "NAME": _address.path.lstrip("/"),
    }
}
INSTALLED_APPS = ["django.contrib.contenttypes"]
SECRET_KEY = os.environ.get("EVERTILL_SECRET", "")
USE_TZ = True


def serve(listener: socket.socket, *, loads: Loads, worker: int) -> None:
    """Answer one request after the other until SIGTERM, which ends the worker after the request it works on.

    The later a worker comes, the fewer connections it says it has.
    """
    loads.note(worker, 100 - worker)
    asked_to_stop = False

    def stop(*_: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True

    signal.signal(signal.SIGTERM, stop)
    signal.siginterrupt(signal.SIGTERM, True)

    def answer(path: str) -> tuple[str, str]:
        if path == "/least":
            return "200 OK", str(loads.is_least(worker))
        if path == "/slow":
            # Until it is asked to stop, and a while longer.
            while not asked_to_stop:
                time.sleep(0.02)
            time.sleep(0.3)
            return "200 OK", "slow but whole"
        return _answer(path)

    listener.settimeout(0.05)
    while not asked_to_stop:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            status, body = answer(connection.recv(65_536).decode().split(" ")[1])
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


def _answer(path: str) -> tuple[str, str]:
    from django.db import connection

    if path == "/database":
        try:
            with connection.cursor() as cursor:
                cursor.execute("select count(*) from django_content_type")
                return "200 OK", str(cursor.fetchone()[0])
        except Exception as failure:  # noqa: BLE001 - the test reads what went wrong
            connection.close()
            return "503 Service Unavailable", str(failure)
    return "200 OK", str(os.getpid())


def prepare(folder: Path) -> None:
    assert (folder / "run.json").exists()


def work() -> None:
    signal.pause()


def serve_metrics(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        signal.pause()


def grant_rights(*, role: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"grant select, insert, update, delete on all tables in schema public to {role}")
        cursor.execute(f"grant usage on all sequences in schema public to {role}")


def raise_walls(*, shop_role: str) -> None:
    """This shop has no customers."""


def record_settings(*, now: dt.datetime) -> None:
    """This shop has no trail."""


def load_demo(*, now: dt.datetime) -> None:
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.get_or_create(app_label="demo", model="tea")


def main() -> None:
    from evertill.entry.cli.shop_processes import Site
    from evertill.entry.cli.sockets import Address
    from evertill.entry.cli.up import run_shop
    from evertill.kernel.errors import EvertillError

    here = "tests.contracts.fake_shop"
    folder, port, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    try:
        run_shop(
            folder=folder,
            web=Address(host="127.0.0.1", port=port),
            metrics=Address(host="127.0.0.1", port=port + 1000),
            workers=workers,
            demo=True,
            site=Site(
                settings=here,
                prepare=f"{here}:prepare",
                serve=f"{here}:serve",
                work=f"{here}:work",
                serve_metrics=f"{here}:serve_metrics",
                grant_rights=f"{here}:grant_rights",
                raise_walls=f"{here}:raise_walls",
                record_settings=f"{here}:record_settings",
                load_demo=f"{here}:load_demo",
            ),
        )
    except EvertillError as failure:
        print(f"evertill: {failure.detail}\n  {failure.kept}\n  {failure.remedy}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
