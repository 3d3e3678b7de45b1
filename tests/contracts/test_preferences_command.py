"""`evertill preferences`: what the shop decides for itself, at its machine."""

from __future__ import annotations

import subprocess

import pytest

from evertill.domains import preferences
from evertill.domains.preferences import Name
from tests.contracts import command

pytestmark = pytest.mark.usefixtures("committed_db")


def evertill(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "preferences", *words)


def test_lists_and_changes_what_is_decided(shop_env: dict[str, str]) -> None:
    listed = evertill(shop_env, "list").stdout.splitlines()
    assert listed[0] == "shop.name               ''  (default)"
    assert len(listed) == 2 * len(Name)

    done = evertill(shop_env, "set", "refunds.alone-max", "90000", "--why", "sale")

    assert done.stdout == "refunds.alone-max is 90000 now, version 1.\n", done.stderr
    assert preferences.number(Name.REFUND_ALONE_MAX) == 90_000
    (line,) = evertill(shop_env, "history", "refunds.alone-max").stdout.splitlines()
    assert line.startswith("version 1  ")
    assert line.endswith("  sale")
    assert evertill(shop_env, "history", "stock.low").stdout == "Nobody has decided this yet; the default holds.\n"


def test_says_what_cannot_be_decided(shop_env: dict[str, str]) -> None:
    unknown = evertill(shop_env, "set", "shop.owner", "me")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        1,
        "evertill: There is nothing called 'shop.owner' to decide.",
    )
    wrong = evertill(shop_env, "set", "stock.low", "many")
    assert wrong.stderr.splitlines()[0] == "evertill: This takes a whole number from 0 to 1000000."
