"""The Merkle tree, by RFC 6962: against its own recursive definition, and against everything that is not in it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.receipts import tree

_LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def by_definition(contents: list[bytes]) -> bytes:
    """MTH of section 2.1, as it is written there."""
    if len(contents) == 1:
        return sha256(b"\0" + contents[0]).digest()
    split = 1
    while split * 2 < len(contents):
        split *= 2
    return sha256(b"\1" + by_definition(contents[:split]) + by_definition(contents[split:])).digest()


class TestTree:
    @given(_LEAVES)
    def test_is_that_of_the_standard(self, contents: list[bytes]) -> None:
        assert tree.root_of([tree.hash_leaf(content) for content in contents]) == by_definition(contents)

    @pytest.mark.parametrize(
        ("count", "root"),
        [
            # The roots over the first leaves of the test tree of Certificate Transparency (its merkletree tests).
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ],
    )
    def test_has_the_roots_of_certificate_transparency(self, count: int, root: str) -> None:
        contents = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]

        leaves = [tree.hash_leaf(bytes.fromhex(content)) for content in contents[:count]]

        assert tree.root_of(leaves).hex() == root

    @given(_LEAVES)
    def test_leads_from_each_leaf_to_its_root(self, contents: list[bytes]) -> None:
        leaves = [tree.hash_leaf(content) for content in contents]
        levels = tree.build(leaves)

        for index, leaf in enumerate(leaves):
            path = tree.path_to(index, levels)
            assert tree.climb(leaf, index=index, count=len(leaves), path=path) == levels[-1][0]

    @given(_LEAVES, st.data())
    def test_leads_nowhere_from_another_leaf_place_or_path(self, contents: list[bytes], data: st.DataObject) -> None:
        leaves = [tree.hash_leaf(b"%d" % place + content) for place, content in enumerate(contents)]
        levels = tree.build(leaves)
        count, root = len(leaves), levels[-1][0]
        index = data.draw(st.integers(0, count - 1))
        path = tree.path_to(index, levels)

        other = data.draw(st.integers(0, 80).filter(lambda place: place != index))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(leaves[index], "big") ^ 1 << bit).to_bytes(32, "big")

        assert tree.climb(leaves[index], index=other, count=count, path=path) != root
        assert tree.climb(flipped, index=index, count=count, path=path) != root
        assert tree.climb(leaves[index], index=index, count=count, path=[*path, leaves[index]]) != root
        if path:
            assert tree.climb(leaves[index], index=index, count=count, path=path[:-1]) != root

    def test_takes_no_node_for_a_leaf(self) -> None:
        left, right = tree.hash_leaf(b"a"), tree.hash_leaf(b"b")

        assert tree.hash_leaf(left + right) != tree.root_of([left, right])
