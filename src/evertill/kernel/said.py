"""Sentences that are kept together with what they were made of, so that each reader gets them in his language.

A journey says what it has to say in English, as the command line and the log do, and beside it the code of the sentence
and what was put into it. Whoever shows it to somebody makes the sentence anew from these, where he knows the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from evertill.kernel.errors import EvertillError

# What is put into a sentence is a number, a name, an amount, or a word of somebody else's.
_VALUE_CHARS_MAX = 200


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence in English, its code, and what was put into it. Without a code it can only be shown as it is."""

    text: str
    code: str = ""
    values: Mapping[str, str] = {}

    def __str__(self) -> str:
        return self.text


def said_of(error: EvertillError) -> Said:
    """This function will return what an error says, under its code."""
    return Said(text=error.detail, code=error.code)


def pack(said: Said | str) -> str:
    """This function will return what is kept beside a sentence's English text: its code and values; "" without."""
    if isinstance(said, str) or not said.code:
        return ""
    values = {name: value[:_VALUE_CHARS_MAX] for name, value in said.values.items()}
    return msgspec.json.encode({"code": said.code, "values": values}).decode()


def unpack(text: str, packed: str) -> Said:
    """This function will return a sentence that was kept as its English text and what `pack` returned."""
    known = msgspec.json.decode(packed) if packed else {}
    return Said(text=text, code=known.get("code", ""), values=known.get("values", {}))


def pack_all(said: Sequence[Said]) -> str:
    """This function will return sentences as one text to be kept; "" for none."""
    return msgspec.json.encode(said).decode() if said else ""


def unpack_all(packed: str) -> tuple[Said, ...]:
    """This function will return the sentences that `pack_all` packed."""
    return msgspec.json.decode(packed, type=tuple[Said, ...]) if packed else ()
