"""The pages' texts: every one of them in every language, and the compiled file is what the readable one says."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

from tests.kernel.waiting import ROOT

SHOP = ROOT / "src" / "evertill" / "entry" / "shop"
TEXTS = SHOP / "locale" / "zh_Hans" / "LC_MESSAGES"


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


def asked() -> set[str]:
    """Every text that the shop's pages and views ask for."""
    found: set[str] = set()
    for template in SHOP.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        found |= {one or other for one, other in re.findall(r"""{% translate (?:"([^"]*)"|'([^']*)') %}""", text)}
        for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block))
    for module in SHOP.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                # Only what stands in the source can be found there by whoever translates.
                found.add(str(ast.literal_eval(node.args[0])))
    return found


class TestTexts:
    def test_are_all_translated_and_no_others_are(self) -> None:
        assert set(readable(TEXTS / "django.po")) == asked()

    def test_are_none_of_them_empty(self) -> None:
        assert [text for text, said in readable(TEXTS / "django.po").items() if not said] == []

    def test_are_compiled_as_they_are_written(self) -> None:
        assert compiled(TEXTS / "django.mo") == readable(TEXTS / "django.po"), "Run msgfmt -o django.mo django.po."

    @pytest.mark.parametrize("text", sorted(readable(TEXTS / "django.po")))
    def test_keep_what_is_put_into_them(self, text: str) -> None:
        said = readable(TEXTS / "django.po")[text]

        assert sorted(re.findall(r"%\(\w+\)s", said)) == sorted(re.findall(r"%\(\w+\)s", text))
