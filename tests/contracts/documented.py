"""What the pages of the documentation say: their commands, links and names, taken out of the Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.kernel.waiting import ROOT

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
# A remark behind a command stands apart from it by two spaces.
_REMARK = re.compile(r"(^|\s{2,})#\s.*$")
_ROOMS = ("src", "tests", "bench", "docs", "deploy", "entry", "journeys", "domains", "kernel")
_FILE = re.compile(rf"(?<![\w/.-])(?:{'|'.join(_ROOMS)})/[\w./-]*\w")
# Made by a command, and in no repository.
_MADE = ("bench/results/",)
_CODE = re.compile(r"`([A-Z]+(?:_[A-Z]+)*)`")
_VARIABLE = re.compile(r"\bEVERTILL_[A-Z_]*[A-Z]\b")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its path from the project's root."""

    name: str

    @property
    def text(self) -> str:
        return _read(ROOT / self.name)

    def commands(self) -> list[str]:
        """This function will return the commands of its `sh` blocks in their order, without remarks."""
        lines = "\n".join(body for language, body in _FENCE.findall(self.text) if language.strip() == "sh")
        joined = lines.replace("\\\n", " ").splitlines()
        return [command for line in joined if (command := _REMARK.sub("", line).strip())]

    def languages(self) -> set[str]:
        """This function will return what its blocks say they are written in."""
        return {language.strip() for language, _ in _FENCE.findall(self.text)}

    def broken_links(self) -> list[str]:
        """This function will return the links that lead to no file, or to no heading of theirs."""
        return [link for link in _LINK.findall(_without_blocks(self.text)) if not self._leads_somewhere(link)]

    def missing_files(self) -> list[str]:
        """This function will return the files and folders of the project that it names and that do not exist."""
        named = {path for path in _FILE.findall(self.text) if not path.startswith(_MADE)}
        places = (ROOT, ROOT / "src" / "evertill", (ROOT / self.name).parent)
        return sorted(path for path in named if not any((place / path).exists() for place in places))

    def codes(self) -> set[str]:
        """This function will return the codes and states that it names: capitals in code type."""
        return set(_CODE.findall(self.text))

    def variables(self) -> set[str]:
        """This function will return the settings that it names, as environment variables."""
        return set(_VARIABLE.findall(self.text))

    def _leads_somewhere(self, link: str) -> bool:
        if re.match(r"https?://", link):
            return True
        target, _, anchor = link.partition("#")
        path = (ROOT / self.name).parent / target if target else ROOT / self.name
        return path.exists() and (not anchor or anchor in _anchors(path))


def pages() -> Iterator[Page]:
    """This function will give every page, those at the root first."""
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))):
        yield Page(path.relative_to(ROOT).as_posix())


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def _anchors(path: Path) -> set[str]:
    # As the usual hosts of repositories make them.
    headings = _HEADING.findall(_without_blocks(_read(path)))
    return {re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
