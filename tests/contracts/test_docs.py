"""Documentation that cannot go stale: what is generated is what is committed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from evertill.entry.cli.docs import pages
from evertill.kernel.config import Config, variable
from tests.kernel.waiting import ROOT


class TestGeneratedPages:
    @pytest.mark.parametrize("name", sorted(pages()))
    def test_are_as_make_docs_would_write_them(self, name: str) -> None:
        written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")

        assert written == pages()[name], "Run `make docs` and commit what it changed."

    @pytest.mark.parametrize("setting", [item.name for item in fields(Config)])
    def test_name_every_setting(self, setting: str) -> None:
        page = pages()["settings.md"]

        assert page.count(f"| `{variable(setting)}` |") == 1
