"""Publish the keys by which receipts are checked, and make new ones."""

from __future__ import annotations

import datetime as dt

from evertill.domains import receipts, trail
from evertill.domains.access import Permission
from evertill.domains.receipts import KeysTold, PublicKey
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted

__all__ = ["KeysTold", "rotate_receipt_key", "tell_keys"]


def tell_keys(*, now: dt.datetime) -> KeysTold:
    """This function will return the public halves of the keys by which receipts are believed, the newest last.

    There is one at least.
    """
    receipts.signer(now=now)
    return receipts.key_file.tell(receipts.trusted_keys())


def rotate_receipt_key(*, asker: Asker, now: dt.datetime) -> PublicKey:
    """This function will make a new key, with which all of the shop signs within a minute; older receipts stay good.

    Raises Forbidden.
    """
    subject = Subject(kind="keys", id="receipts")
    with permitted(asker=asker, permission=Permission.KEYS_ROTATE, subject=subject, now=now):
        made = receipts.rotate(now=now)
        trail.write(
            actor=asker.actor,
            operation="receipts.rotate",
            subject=subject,
            after={"generation": made.generation},
            now=now,
        )
    return made
