"""A Merkle tree by RFC 6962, section 2.1 (RFC 9162 has the same): one root that vouches for many leaves.

Leaves and nodes are hashed under different first bytes, so that no node can pass for a leaf.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
_LEAF, _NODE = b"\x00", b"\x01"
# A tree of 2³² leaves is deeper than any that is made here.
PATH_MAX = 32


def hash_leaf(content: bytes) -> bytes:
    """This function will return the hash of a leaf's content."""
    return sha256(_LEAF + content).digest()


def build(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """This function will return the levels of the tree over leaves' hashes, the lowest first, the root's last.

    A node without a neighbour moves up as it is. That makes the tree of RFC 6962, whose left half is always the largest
    whole one.
    """
    level = leaves
    levels = [level]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(_NODE + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        levels.append(above)
        level = above
    return levels


def root_of(leaves: Sequence[bytes]) -> bytes:
    """This function will return the root over leaves' hashes; over none, that of nothing (the same section)."""
    return build(leaves)[-1][0] if leaves else sha256().digest()


def path_to(index: int, levels: Sequence[Sequence[bytes]]) -> list[bytes]:
    """This function will return the hashes that lead from the leaf in a place to the root."""
    path = []
    for level in levels[:-1]:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        index >>= 1
    return path


def climb(leaf: bytes, *, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """This function will return the root that a path leads to from the leaf in place `index` of `count`.

    None when no tree of so many leaves has such a path (RFC 9162, section 2.1.3.2).
    """
    if not 0 <= index < count:
        return None
    place, last, reached = index, count - 1, leaf
    for neighbour in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            reached = sha256(_NODE + neighbour + reached).digest()
            while place % 2 == 0 and place:
                place >>= 1
                last >>= 1
        else:
            reached = sha256(_NODE + reached + neighbour).digest()
        place >>= 1
        last >>= 1
    return reached if last == 0 else None
