"""Arrays in PostgreSQL's own binary form, made in one go.

The general adapters look at each element; the money path knows its types and sends thousands of elements a second.
The layout is that of array_recv: dimensions, has-null flag, element type, length, lower bound, then length-prefixed
elements, all big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_BIGINT, _INT, _TEXT, _UUID = 20, 23, 25, 2950
_ARRAY_OF = {_BIGINT: 1016, _INT: 1007, _TEXT: 1009, _UUID: 2951}


class _Array:
    """An array that is ready to be sent."""

    __slots__ = ("data",)

    def __init__(self, element: int, count: int, body: bytes) -> None:
        # An empty array has no dimension at all.
        head = struct.pack("!iiIii", 1, 0, element, count, 1) if count else struct.pack("!iiI", 0, 0, element)
        self.data = head + body


class Bigints(_Array):
    """bigint[]."""

    def __init__(self, values: Sequence[int]) -> None:
        super().__init__(_BIGINT, len(values), _pack("iq", 8, values))


class Ints(_Array):
    """int4[]."""

    def __init__(self, values: Sequence[int]) -> None:
        super().__init__(_INT, len(values), _pack("ii", 4, values))


class Texts(_Array):
    """text[]; raises UnicodeEncodeError for a lone surrogate, and PostgreSQL refuses a zero character."""

    def __init__(self, values: Sequence[str]) -> None:
        encoded = [value.encode() for value in values]
        super().__init__(_TEXT, len(values), b"".join([len(item).to_bytes(4, "big") + item for item in encoded]))


class Uuids(_Array):
    """uuid[], from 16 bytes each."""

    def __init__(self, values: Sequence[bytes]) -> None:
        mark = b"\x00\x00\x00\x10"
        super().__init__(_UUID, len(values), b"".join([mark + value for value in values]))


@lru_cache(maxsize=4096)
def _layout(pair: str, count: int) -> struct.Struct:
    return struct.Struct("!" + pair * count)


def _pack(pair: str, size: int, values: Sequence[int]) -> bytes:
    flat = [size] * (2 * len(values))
    flat[1::2] = values
    return _layout(pair, len(values)).pack(*flat)


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Array) -> Buffer | None:
        return obj.data


def _register(kind: type[_Array], element: int) -> None:
    dumper = type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": _ARRAY_OF[element]})
    psycopg.adapters.register_dumper(kind, dumper)


for _kind, _element in ((Bigints, _BIGINT), (Ints, _INT), (Texts, _TEXT), (Uuids, _UUID)):
    _register(_kind, _element)
