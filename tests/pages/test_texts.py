"""The pages' texts: every one of them in every language, and the compiled file is what the readable one says."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

from evertill.domains.access import MEANINGS, PERMISSIONS
from tests.kernel.waiting import ROOT

SHOP = ROOT / "src" / "evertill" / "entry" / "shop"
ACCOUNT = SHOP / "account"
PAGES = SHOP.parent / "pages"
DESK = SHOP.parent / "desk"
# Each has texts of its own, in files of its own; and so has each room of the desk.
ROOMS = (PAGES, SHOP, ACCOUNT, DESK, *(path.parent for path in sorted(DESK.glob("*/room.py"))))


def texts(room: Path) -> Path:
    """Where a room's Chinese texts are."""
    return room / "locale" / "zh_Hans" / "LC_MESSAGES"


def readable(path: Path) -> dict[str, str]:
    """What a .po file says, its first plural form under the singular."""
    said: dict[str, str] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            found = re.fullmatch(r'(?:(msg\w+)(?:\[\d\])? )?(".*")', line)
            if found:
                name = found.group(1) or name
                fields[name] = fields.get(name, "") + ast.literal_eval(found.group(2))
        said[fields["msgid"]] = fields["msgstr"]
        assert "fuzzy" not in block
    del said[""]
    return said


def compiled(path: Path) -> dict[str, str]:
    """What a .mo file says, its first plural form under the singular."""
    with path.open("rb") as file:
        catalog: dict[str | tuple[str, int], str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001 — there is no public list.
    return {key[0] if isinstance(key, tuple) else key: text for key, text in catalog.items() if key}


def files(room: Path, pattern: str) -> list[Path]:
    """The files of a room, without those of a room inside it."""
    inside = [other for other in ROOMS if other != room and other.is_relative_to(room)]
    return [path for path in room.rglob(pattern) if not any(path.is_relative_to(other) for other in inside)]


def asked(room: Path) -> set[str]:
    """Every text that a room's pages and views ask for."""
    found: set[str] = set()
    for template in files(room, "*.html"):
        text = template.read_text(encoding="utf-8")
        found |= {one or other for one, other in re.findall(r"""{% translate (?:"([^"]*)"|'([^']*)') %}""", text)}
        for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block))
    for module in files(room, "*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                # Only what stands in the source can be found there by whoever translates.
                found.add(str(ast.literal_eval(node.args[0])))
    # What permissions and scopes allow is said in one table each, and translated at the desk.
    return (
        found | {declared.says for declared in PERMISSIONS.values()} | set(MEANINGS.values()) if room == DESK else found
    )


BY_ROOM = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)


class TestTexts:
    @BY_ROOM
    def test_are_all_translated_and_no_others_are(self, room: Path) -> None:
        assert set(readable(texts(room) / "django.po")) == asked(room)

    @BY_ROOM
    def test_are_none_of_them_empty(self, room: Path) -> None:
        assert [text for text, said in readable(texts(room) / "django.po").items() if not said] == []

    @BY_ROOM
    def test_are_compiled_as_they_are_written(self, room: Path) -> None:
        written = readable(texts(room) / "django.po")

        assert compiled(texts(room) / "django.mo") == written, "Run msgfmt -o django.mo django.po."

    @pytest.mark.parametrize(
        ("room", "text"), [(room, text) for room in ROOMS for text in sorted(readable(texts(room) / "django.po"))]
    )
    def test_keep_what_is_put_into_them(self, room: Path, text: str) -> None:
        said = readable(texts(room) / "django.po")[text]

        assert sorted(re.findall(r"%\(\w+\)s", said)) == sorted(re.findall(r"%\(\w+\)s", text))

    def test_say_the_same_in_every_room(self) -> None:
        # Django puts all of them into one list, so that one room's words would stand on another's pages.
        said: dict[str, dict[str, list[str]]] = {}
        for room in ROOMS:
            for text, chinese in readable(texts(room) / "django.po").items():
                said.setdefault(text, {}).setdefault(chinese, []).append(room.name)

        assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}
