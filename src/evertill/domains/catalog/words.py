"""How words are found in texts, whatever their language: by grams, short pieces that an index can hold.

A piece of Latin (or any other script with spaces) is taken in threes, so that a word is found from within another one;
Chinese, Japanese and Korean in twos and ones, because there two signs are a word. One and two letters are found where a
word begins with them. Grams narrow the search down; that the words really stand there is then looked up in the text.
PostgreSQL's own trigrams (pg_trgm) leave Chinese out where the database has the C locale, and know no twos anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from zlib import crc32

# Beyond this a text is not looked into: it keeps the index small, and who searches means what stands at the beginning.
TEXT_CHARS_MAX = 2_000

# Scripts without spaces between words: CJK signs and kana, Hangul, and their further planes.
_DENSE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"[{_DENSE}]+|[^{_DENSE}\\s]+")
_DENSE_RUN = re.compile(f"[{_DENSE}]")
_THREE = 3


def plain(text: str) -> str:
    """This function will write a text as it is compared: without case, accents, and forms of width."""
    if text.isascii():
        # It has neither, and most texts about goods are so.
        return text.lower()
    bare = "".join([sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)])
    return unicodedata.normalize("NFC", bare).casefold()


def grams_of(texts: Iterable[str]) -> list[int]:
    """This function will return the grams of plain texts, as numbers of 32 bits in ascending order."""
    # Words come again and again.
    runs = {run for text in texts for run in _RUNS.findall(text)}
    return _numbers({gram for run in runs for gram in _held(run)})


def grams_wanted(word: str) -> list[int]:
    """This function will return the grams that a text must have in which a plain word stands."""
    return _numbers({gram for run in _RUNS.findall(word) for gram in _wanted(run)})


def _held(run: str) -> Iterator[str]:
    if _DENSE_RUN.match(run):
        yield from run
        yield from (run[at : at + 2] for at in range(len(run) - 1))
        return
    yield from (run[at : at + _THREE] for at in range(len(run) - 2))
    yield f"^{run[:1]}"
    yield f"^{run[:2]}"
    # A sign may be all that somebody asks for.
    yield from (sign for sign in run if not sign.isalnum())


def _wanted(run: str) -> Iterator[str]:
    if _DENSE_RUN.match(run):
        yield from [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    elif len(run) >= _THREE:
        yield from (run[at : at + _THREE] for at in range(len(run) - 2))
    elif run.isalnum():
        yield f"^{run}"
    else:
        yield from (sign for sign in run if not sign.isalnum())


def _numbers(grams: Iterable[str]) -> list[int]:
    # Two grams may have one number: then the text is looked up in vain, and nothing else happens.
    return sorted({crc32(gram.encode("utf-8", "surrogatepass")) - (1 << 31) for gram in grams})
