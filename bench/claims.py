"""Claims by partial clues over a shop's orders, half of which were lost or altered: `python -m bench.claims`.

It makes a server of its own, fills it with a million orders (`bench.million`), files claims about random ones, and
throws it away. It prints how often the right one came first, how long that took, and how many claims told a stranger
anything. With DATABASE_URL and EVERTILL_SECRET it takes that database, which `bench.million` filled, and leaves it as
it was.
"""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import subprocess
import sys

import django

from bench import database as db
from bench import million
from bench.database import Database
from bench.shop import folder
from evertill.kernel import clock, embedded

SEED = 20261126
_SKUS = 1000


def main() -> None:
    """This function will run the exam with the settings that the environment says."""
    parser = argparse.ArgumentParser(prog="python -m bench.claims", description=__doc__)
    parser.add_argument("--orders", type=int, default=million.ORDERS, help="of the server that it makes")
    parser.add_argument("--claims", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    if os.environ.get("DATABASE_URL"):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evertill.entry.site.settings")
        django.setup()
        # Only now can tables be imported.
        sys.exit(importlib.import_module("bench.claims_exam").examine(count=asked.claims, seed=asked.seed))
    sys.exit(_on_its_own(asked))


def _tell(line: str) -> None:
    print(line, flush=True)


def _on_its_own(asked: argparse.Namespace) -> int:
    with folder(None) as home:
        data = home / "shop"
        data.mkdir(mode=0o711)
        embedded.prepare(folder=data, tell=_tell)
        with embedded.running(folder=data, tell=_tell) as url:
            made = Database(url=url, admin_url=embedded.superuser_url(data)).sibling("claims")
            db.create(made)
            db.stock_goods(made, count=_SKUS)
            million.fill(made, orders=asked.orders, skus=_SKUS, now=clock.now(), tell=_tell)
            words = ["--claims", str(asked.claims), "--seed", str(asked.seed)]
            own = {"DATABASE_URL": made.url, "EVERTILL_SECRET": secrets.token_urlsafe(48), "EVERTILL_DATA": str(data)}
            return subprocess.run(
                [sys.executable, "-m", "bench.claims", *words], env=os.environ | own, check=False
            ).returncode


if __name__ == "__main__":
    main()
