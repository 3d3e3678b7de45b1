"""Claims by partial clues over a shop's orders: `DATABASE_URL=… EVERTILL_SECRET=… python -m bench.claims`.

It prints how often the right order came first, how long that took, and how many claims showed a stranger anything. The
database is one that `bench.million` filled.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

import django

SEED = 20261126


def main() -> None:
    """This function will run the exam with the settings that the environment says."""
    parser = argparse.ArgumentParser(prog="python -m bench.claims", description=__doc__)
    parser.add_argument("--claims", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evertill.entry.site.settings")
    django.setup()
    # Only now can tables be imported.
    sys.exit(importlib.import_module("bench.claims_exam").examine(count=asked.claims, seed=asked.seed))


if __name__ == "__main__":
    main()
