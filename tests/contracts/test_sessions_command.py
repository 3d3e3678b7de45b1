"""`evertill sessions end`: one account is signed out everywhere, or everybody is."""

from __future__ import annotations

import subprocess

import pytest

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor
from evertill.kernel import clock, db
from tests.contracts import command

ADA, BOB = "ada@example.com", "bob@example.com"


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "sessions", "end", *words)


def signed_in(account_id: int, address: str) -> str:
    now = clock.now()
    with db.write():
        accounts.open_account(account_id=account_id, display_name="Somebody", language="en", now=now)
        accounts.add_address(account_id=account_id, kind=AddressKind.EMAIL, address=address, now=now)
        return identity.sessions.start(
            account_id=account_id, is_staff=False, factors=[Factor.EMAIL_CODE], device="Firefox", place="", now=now
        )


def is_open(secret: str) -> bool:
    return identity.sessions.resume(secret=secret, now=clock.now()) is not None


@pytest.mark.usefixtures("committed_db")
class TestEnd:
    def test_signs_one_account_out_and_no_other(self, shop_env: dict[str, str]) -> None:
        ada, bob = signed_in(17, ADA), signed_in(18, BOB)

        assert run(shop_env, "Ada@Example.com").stdout == "1 session ended.\n"

        assert (is_open(ada), is_open(bob)) == (False, True)

    def test_signs_everybody_out(self, shop_env: dict[str, str]) -> None:
        ada, bob = signed_in(17, ADA), signed_in(18, BOB)

        assert run(shop_env, "--everybody").stdout == "2 sessions ended.\n"

        assert (is_open(ada), is_open(bob)) == (False, False)

    def test_says_whom_nobody_is(self, shop_env: dict[str, str]) -> None:
        refused = run(shop_env, ADA)

        assert (refused.returncode, refused.stderr.splitlines()[0]) == (1, "evertill: No account has this address.")

    @pytest.mark.parametrize("words", [[], [ADA, "--everybody"]])
    def test_takes_one_of_both(self, shop_env: dict[str, str], words: list[str]) -> None:
        refused = run(shop_env, *words)

        assert refused.returncode == 2
        assert "Name an address, or say --everybody." in refused.stderr
