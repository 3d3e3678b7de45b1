"""`evertill staff …`: who works for the shop, and what is missing before somebody can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.kernel import clock, db
from tests.people import app_code, recorded

ADA, TOTP = "ada@example.com", identity.Factor.TOTP


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    evertill = Path(sys.executable).with_name("evertill")
    return subprocess.run([evertill, "staff", *words], env=env, capture_output=True, text=True, timeout=60)


def sign_out(env: dict[str, str], *words: str) -> tuple[int, str]:
    evertill = Path(sys.executable).with_name("evertill")
    said = subprocess.run(
        [evertill, "accounts", "sign-out", *words], env=env, capture_output=True, text=True, timeout=60
    )
    return said.returncode, said.stdout


@pytest.mark.usefixtures("committed_db")
class TestSigningOut:
    def test_ends_sessions_of_one_or_of_all(self, shop_env: dict[str, str]) -> None:
        now = clock.now()
        with db.write():
            for account_id, address in ((17, ADA), (18, "bob@example.com")):
                accounts.open_account(account_id=account_id, display_name="", language="en", now=now)
                accounts.add_address(account_id=account_id, kind=AddressKind.EMAIL, address=address, now=now)
                for _ in range(2):
                    identity.sessions.start(
                        account_id=account_id, is_staff=False, factors=[TOTP], device="", place="", now=now
                    )

        assert sign_out(shop_env, ADA) == (0, "2 sessions were ended.\n")
        assert identity.sessions.list_open(account_id=17, now=now) == []
        assert len(identity.sessions.list_open(account_id=18, now=now)) == 2
        assert sign_out(shop_env, "nobody@example.com")[0] == 1
        assert [sign_out(shop_env)[0], sign_out(shop_env, ADA, "--everybody")[0]] == [2, 2]
        assert sign_out(shop_env, "--everybody") == (0, "2 sessions were ended.\n")
        assert identity.sessions.list_open(account_id=18, now=now) == []
        assert recorded() == ["access.sign_out", "access.sign_out_everybody"]


@pytest.mark.usefixtures("committed_db")
class TestStaff:
    def test_are_added_listed_and_removed(self, shop_env: dict[str, str]) -> None:
        now = clock.now()
        assert run(shop_env, "list").stdout == "Nobody works for the shop yet.\n"
        unknown = run(shop_env, "add", ADA)
        assert (unknown.returncode, unknown.stderr.splitlines()) == (
            1,
            [
                "evertill: No account has this address.",
                "  Nothing was changed.",
                "  Let this person sign up in the shop first, with this address.",
            ],
        )
        with db.write():
            accounts.open_account(account_id=17, display_name="Ada", language="en", now=now)
            accounts.add_address(account_id=17, kind=AddressKind.EMAIL, address=ADA, now=now)
        weak = run(shop_env, "add", ADA)
        assert weak.stderr.splitlines()[0] == "evertill: This account has neither a passkey nor an authenticator app."
        with db.write():
            secret = identity.totp.begin(account_id=17, now=now)
            assert identity.totp.confirm(account_id=17, code=app_code(secret, now), now=now)

        assert run(shop_env, "add", "Ada@Example.com").stdout == "Ada@Example.com now works for the shop.\n"
        assert run(shop_env, "add", ADA).stdout == f"{ADA} works already for the shop.\n"
        (line,) = run(shop_env, "list").stdout.splitlines()
        assert line.startswith(f"{ADA}  Ada  totp  since ")
        assert run(shop_env, "remove", ADA).stdout == f"{ADA} no longer works for the shop.\n"
        assert run(shop_env, "remove", ADA).returncode == 1
