"""The provider's keys: made at the first start, kept in a file that only their owner can read, never printed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock, write_whole

FILE = "sandbox-keys.json"


class KeysUnreadable(EvertillError):
    """The file of keys is not what the provider once wrote."""

    code = "SANDBOX_KEYS"
    remedy = "Put the file back, or delete it: the next start makes new keys, which the shop must then be given."


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the shop calls with, and what it verifies webhooks with."""

    secret_key: str
    webhook_secret: str


def load(folder: Path) -> Keys:
    """This function will return the keys of a data folder, which it makes when there are none.

    Raises KeysUnreadable when the file is there and cannot be read.
    """
    path = folder / FILE
    with lock(folder / "sandbox.lock"):
        if not path.exists():
            made = {"secret_key": f"sk_sandbox_{secrets.token_urlsafe(24)}",
                    "webhook_secret": f"whsec_{secrets.token_urlsafe(24)}"}  # fmt: skip
            write_whole(path=path, text=json.dumps(made) + "\n")
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return Keys(secret_key=str(kept["secret_key"]), webhook_secret=str(kept["webhook_secret"]))
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise KeysUnreadable(f"The keys in {path} cannot be read.") from cause
