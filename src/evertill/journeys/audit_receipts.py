"""Audit receipts: whether every order is what was acknowledged, none is missing, and nobody invented one.

Both sides of a comparison come in the same order, so that millions of rows are compared without being kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from evertill.domains import orders, receipts
from evertill.domains.orders import Acknowledged
from evertill.domains.receipts import Leaf
from evertill.kernel import ids

__all__ = ["find_altered_events", "find_altered_orders", "find_chain_faults", "find_unjournalled"]

_Found = Iterator[tuple[str, str]]


def find_altered_orders(*, other_secrets: Sequence[bytes] = ()) -> _Found:
    """This function will name every order that was lost, altered or invented since it was acknowledged.

    The caller holds a snapshot.
    """
    is_open = receipts.read_last_seal() is not None
    secrets = _secrets_by_key(other_secrets)
    leaves = groupby(receipts.stream_leaves(), key=lambda leaf: leaf.order_id)
    kept = orders.stream_facts()
    order, told = next(kept, None), next(leaves, None)
    while order is not None or told is not None:
        if told is None or (order is not None and order.order_id < told[0]):
            assert order is not None  # noqa: S101 — one of them is there.
            if order.receipt_batch is not None or is_open:
                yield ids.to_number(order.order_id), "the shop never acknowledged it: it has no receipt"
            order = next(kept, None)
        elif order is None or told[0] < order.order_id:
            yield ids.to_number(told[0]), "it was acknowledged, and is lost"
            told = next(leaves, None)
        else:
            for detail in _compare(order, list(told[1]), secrets):
                yield ids.to_number(order.order_id), detail
            order, told = next(kept, None), next(leaves, None)


def _compare(order: Acknowledged, leaves: Sequence[Leaf], secrets: Mapping[int, bytes | None]) -> Iterator[str]:
    if len(leaves) > 1:
        yield f"it was acknowledged in {len(leaves)} batches"
    leaf = leaves[0]
    if order.receipt_batch != leaf.batch_id:
        yield "it names another batch of receipts than the one that holds it"
    if receipts.rules.leaf_of(order.facts, contact=leaf.contact) != leaf.leaf:
        yield "it is not what was acknowledged: its time, lines, total or currency were altered"
    # Who has himself deleted takes his address along; what another secret made can be compared with that one alone.
    elif order.email != orders.NOBODY and leaf.key_id in secrets:
        told = receipts.contact_digest(
            order_id=order.order_id, email=order.email, phone=order.phone, secret=secrets[leaf.key_id]
        )
        if told != leaf.contact:
            yield "its address or telephone number is not the one it was placed with"


def _secrets_by_key(other_secrets: Sequence[bytes]) -> dict[int, bytes | None]:
    found: dict[int, bytes | None] = {}
    for key in receipts.read_keys():
        for secret in (None, *other_secrets):
            if receipts.is_own(key, secret=secret):
                found[key.id] = secret
    return found


def find_altered_events() -> _Found:
    """This function will name every event of an order that was lost, altered or invented since it was journalled.

    The caller holds a snapshot.
    """
    if receipts.read_last_seal() is None:
        return
    for place, event, seals in _events_beside_seals():
        if event is None:
            yield _named(place), "it was journalled, and is lost"
        elif seals:
            yield from ((_named(place), detail) for detail in _compare_event(event, seals))
        elif not event[2]:
            yield _named(place), "it was never journalled"


def find_unjournalled() -> Iterator[tuple[int, int]]:
    """This function will give order and position of every event that no seal holds and that waits for none.

    The caller holds a snapshot.
    """
    return (place for place, event, seals in _events_beside_seals() if event and not event[2] and not seals)


_Event = tuple[int, int, bool, bytes]
_Sealed = tuple[int, int, int, bytes]


def _events_beside_seals() -> Iterator[tuple[tuple[int, int], _Event | None, list[_Sealed]]]:
    """Give each order and position that there is an event of, or that seals hold, with both."""
    sealed = groupby(receipts.stream_sealed_events(), key=lambda told: told[:2])
    kept = orders.stream_journal()
    event, told = next(kept, None), next(sealed, None)
    while event is not None or told is not None:
        place = min(one for one in (event and event[:2], told and told[0]) if one is not None)
        here, seals = None, []
        if told is not None and told[0] == place:
            seals, told = list(told[1]), next(sealed, None)
        if event is not None and event[:2] == place:
            here, event = event, next(kept, None)
        yield place, here, seals


def _compare_event(event: _Event, seals: Sequence[_Sealed]) -> Iterator[str]:
    _, _, is_queued, content = event
    if len(seals) > 1 or is_queued:
        yield f"seal {seals[0][2]} holds it, and it is journalled again"
    if receipts.tree.hash_leaf(content) != seals[0][3]:
        yield f"it is not what seal {seals[0][2]} holds"


def _named(place: tuple[int, int]) -> str:
    return f"{ids.to_number(place[0])} event {place[1]}"


def find_chain_faults(*, other_secrets: Sequence[bytes] = ()) -> _Found:
    """This function will name what is wrong with the chain of seals, the batches that it holds, and their keys.

    The caller holds a snapshot.
    """

    def own(key: receipts.PublicKey) -> bool:
        return any(receipts.is_own(key, secret=secret) for secret in (None, *other_secrets))

    for fault in receipts.verify_chain(own=own):
        yield fault.subject, fault.detail
    for batch_id, seals, is_queued in receipts.find_chained_otherwise():
        waits = ", and it waits to be sealed" if is_queued else ""
        yield f"batch {ids.to_number(batch_id)}", f"{seals} seals hold it{waits}"
