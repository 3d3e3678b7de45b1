"""Upload codes of digital goods: kept encrypted, each once, and on sale in the same transaction.

Nobody who works for the shop can see one of them again; what is wrong with a line is told without the code.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evertill.domains import catalog, fulfilment, identity, stock, trail
from evertill.domains.access import Permission
from evertill.domains.fulfilment import Faulty, NewCode, Pool, Read
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import config, crypto, ids
from evertill.kernel.errors import EvertillError

__all__ = ["CodesRejected", "CodesUnusable", "Faulty", "Looked", "Pool", "list_pools", "look_at_codes", "upload_codes"]

_PURPOSE = "fulfilment codes"
_POOLS_MAX = 1_000
_KNOWN = "This code (%(code)s) was uploaded before."


class CodesUnusable(EvertillError):
    """These codes cannot be taken for this SKU, whatever they are."""

    code = "CODES_UNUSABLE"


class CodesRejected(EvertillError):
    """Some lines have no code that can be used; `faults` has every one of them, by its line."""

    code = "CODES_REJECTED"
    kept = "No code was taken; the shop is as it was."
    remedy = "Correct these lines, or take them out, and upload the rest."

    def __init__(self, faults: Sequence[Faulty]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(self.faults)} lines have no code that can be used.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What an upload would come to: so many codes, and what is wrong with other lines."""

    sku: str
    title: str
    codes: int
    faults: tuple[Faulty, ...]


def list_pools(*, asker: Asker, now: dt.datetime) -> list[Pool]:
    """This function will return the SKUs that are sold by codes; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.CODES_UPLOAD, subject=Subject(kind="codes"), now=now):
        return fulfilment.list_pools(limit=_POOLS_MAX)


def look_at_codes(*, asker: Asker, sku: str, content: bytes, now: dt.datetime) -> Looked:
    """This function will say what an upload would come to, and change nothing.

    Raises Forbidden, and CodesUnusable when the SKU cannot be sold by codes, or the content is no text of codes.
    """
    with permitted(asker=asker, permission=Permission.CODES_UPLOAD, subject=_subject(sku), now=now):
        _check_sku(sku)
        good, faults = _sift(content)
        title = catalog.prices.name_skus(skus=[sku])[sku]
        return Looked(sku=sku, title=title, codes=len(good), faults=tuple(faults))


def upload_codes(
    *,
    asker: Asker,
    sku: str,
    content: bytes,
    skip_faults: bool = False,
    why: str = "",
    now: dt.datetime,
    randbytes: Callable[[int], bytes] = secrets.token_bytes,
) -> int:
    """This function will keep codes and put so many pieces on sale, and return how many they are.

    All of them or none; with `skip_faults`, those that can be used. Raises what look_at_codes raises, and
    CodesRejected.
    """
    with permitted(asker=asker, permission=Permission.CODES_UPLOAD, subject=_subject(sku), now=now):
        # Whoever uploads for the same SKU waits here, before what is known is looked up.
        stock.lock_items(skus=[sku])
        _check_sku(sku)
        good, faults = _sift(content)
        if (faults and not skip_faults) or not good:
            raise CodesRejected(faults)
        fulfilment.open_pool(sku=sku, now=now)
        key_id, key = identity.keys.current(now=now)
        # In the order of the file, in which they are handed out.
        new = [
            NewCode(
                id=code_id,
                stored=crypto.encrypt(one.code.encode(), key=key, place=fulfilment.place(code_id), randbytes=randbytes),
                key_id=key_id,
                digest=_digest(one.code),
            )
            for code_id, one in zip(sorted(ids.new_ids(len(good), now=now)), good, strict=True)
        ]
        # Somebody may have uploaded one of them for another SKU in this very moment; those are not counted twice.
        kept = fulfilment.add_codes(sku=sku, codes=new, by=asker.name, now=now)
        if kept:
            movement = stock.Movement(sku=sku, kind=stock.MovementKind.RECEIVED, quantity=kept)
            stock.move(movements=[movement], now=now, reason="codes")
        trail.write(
            actor=asker.actor,
            operation="codes.upload",
            subject=_subject(sku),
            after={"codes": kept, "left_out": len(faults) + len(new) - kept},
            why=why,
            now=now,
        )
        return kept


def _check_sku(sku: str) -> None:
    item = stock.read_items(skus=[sku]).get(sku)
    if item is None or sku not in catalog.prices.name_skus(skus=[sku]):
        raise CodesUnusable(f"There is no SKU '{sku[:64]}' here.")
    if item.kind is stock.Kind.UNLIMITED:
        raise CodesUnusable(f"{sku} cannot run out; codes can. Sell codes under a SKU that is counted.")
    if item.on_hand and not fulfilment.find_pools(skus=[sku]):
        raise CodesUnusable(
            f"{item.on_hand} pieces of {sku} lie on the shelf without codes. Count them down to 0 before codes are sold"
            " under this SKU."
        )


def _sift(content: bytes) -> tuple[list[Read], list[Faulty]]:
    """Return what can be used, and what is wrong with the other lines, both in the order of lines."""
    most = config.get().codes_bytes_max
    if len(content) > most:
        raise CodesUnusable(f"There are {len(content)} bytes of codes; {most} is the most at once.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CodesUnusable("This is no text in UTF-8.") from None
    read = list(fulfilment.read_codes(text))
    codes = [one for one in read if isinstance(one, Read)]
    faults = [one for one in read if isinstance(one, Faulty)]
    if not read:
        raise CodesUnusable("There is no code in it.")
    known = fulfilment.find_known(digests=[_digest(one.code) for one in codes])
    good = [one for one in codes if _digest(one.code) not in known]
    faults += [
        Faulty(line=one.line, says=_KNOWN, facts={"code": fulfilment.hide(one.code)})
        for one in codes
        if _digest(one.code) in known
    ]
    return good, sorted(faults, key=lambda one: one.line)


def _digest(code: str) -> bytes:
    return crypto.mac(code.encode(), purpose=_PURPOSE)


def _subject(sku: str) -> Subject:
    return Subject(kind="codes", id=sku[:128])
