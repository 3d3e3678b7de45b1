"""`evertill staff` and `evertill approvals`: roles at the shop's machine, and its operator as the second person."""

from __future__ import annotations

import getpass
import subprocess

import pytest

from evertill.domains import access, accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.journeys import manage_roles as roles
from evertill.kernel import clock, db, ids
from tests.askers import MACHINE, staff
from tests.builders import NOON
from tests.contracts import command
from tests.desk.clerks import clerk
from tests.people import app_code

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 11, 12


def evertill(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, *words)


@pytest.fixture
def ada(committed_db: None) -> None:
    """Ada works for the shop."""
    staff(ADA)
    with db.write():
        accounts.open_account(account_id=ADA, display_name="Ada", language="en", now=NOON)
        accounts.add_address(account_id=ADA, kind=AddressKind.EMAIL, address="ada@example.com", now=NOON)


class TestMembers:
    def test_are_added_listed_and_removed(self, shop_env: dict[str, str]) -> None:
        now = clock.now()
        assert evertill(shop_env, "staff", "list").stdout == "Nobody works for the shop yet.\n"
        unknown = evertill(shop_env, "staff", "add", "ada@example.com")
        assert (unknown.returncode, unknown.stderr.splitlines()) == (
            1,
            [
                "evertill: No account has this address.",
                "  Nothing was changed.",
                "  Let this person sign up in the shop first, with this address.",
            ],
        )
        with db.write():
            accounts.open_account(account_id=ADA, display_name="Ada", language="en", now=now)
            accounts.add_address(account_id=ADA, kind=AddressKind.EMAIL, address="ada@example.com", now=now)
        weak = evertill(shop_env, "staff", "add", "ada@example.com")
        assert weak.stderr.splitlines()[0] == "evertill: This account has neither a passkey nor an authenticator app."
        with db.write():
            secret = identity.totp.begin(account_id=ADA, now=now)
            assert identity.totp.confirm(account_id=ADA, code=app_code(secret, now), now=now)

        added = evertill(shop_env, "staff", "add", "Ada@Example.com")
        assert added.stdout.splitlines()[0] == "Ada@Example.com now works for the shop."
        again = evertill(shop_env, "staff", "add", "ada@example.com")
        assert again.stdout.splitlines()[0] == "ada@example.com works already for the shop."
        listed = evertill(shop_env, "staff", "list").stdout
        assert (listed.startswith("ada@example.com  Ada  "), "  totp  since " in listed) == (True, True)
        removed = evertill(shop_env, "staff", "remove", "ada@example.com")
        assert removed.stdout == "ada@example.com no longer works for the shop.\n"
        assert evertill(shop_env, "staff", "remove", "ada@example.com").returncode == 1


@pytest.mark.usefixtures("ada")
class TestRoles:
    def test_are_given_taken_and_listed(self, shop_env: dict[str, str]) -> None:
        given = evertill(shop_env, "staff", "grant", "ada@example.com", "owner", "--why", "hers")
        listed = evertill(shop_env, "staff", "list")
        refused = evertill(shop_env, "staff", "revoke", "ada@example.com", "owner")
        stranger = evertill(shop_env, "staff", "grant", "bob@example.com", "support")

        assert given.stdout == "ada@example.com is owner now.\n", given.stderr
        assert "ada@example.com  Ada  owner  neither passkey nor totp" in listed.stdout, listed.stderr
        (grant,) = roles.list_grants(account_id=ADA)
        assert (grant.granted_by, grant.why) == (f"OPERATOR:{getpass.getuser()}", "hers")
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[0] == "evertill: A shop has at least one owner."
        assert stranger.stderr.splitlines()[0] == "evertill: No account has this address."

    def test_of_the_shops_own_are_defined_and_shown_with_what_they_allow(self, shop_env: dict[str, str]) -> None:
        words = ["--allow", "orders.read", "--allow", "stock.edit", "--says", "At night."]
        made = evertill(shop_env, "staff", "define", "night-shift", *words)
        again = evertill(shop_env, "staff", "define", "night-shift", "--allow", "orders.read")
        unknown = evertill(shop_env, "staff", "define", "night-shift", "--allow", "orders.eat")
        shown = evertill(shop_env, "staff", "roles")

        assert made.stdout == "night-shift, version 1: orders.read, stock.edit\n", made.stderr
        assert again.stdout == "night-shift, version 2: orders.read\n", again.stderr
        assert unknown.returncode == 2
        assert "support\n" in shown.stdout
        assert "    orders.read         See any order, with what its customer left to be reached by." in shown.stdout
        assert "night-shift  (of this shop, version 2)" in shown.stdout


class TestApprovals:
    def test_are_listed_and_decided(self, shop_env: dict[str, str]) -> None:
        boss = clerk("administrator")
        staff(ADA)
        asked = [
            roles.ask_to_grant_role(asker=boss.asker, account_id=ADA, role=role, why="new", now=clock.now())
            for role in ("support", "fulfilment")
        ]
        numbers = [ids.to_number(one.id) for one in asked]

        listed = evertill(shop_env, "approvals")
        approved = evertill(shop_env, "approvals", "approve", numbers[0], "--why", "I know her")
        refused = evertill(shop_env, "approvals", "refuse", numbers[1])
        after = evertill(shop_env, "approvals", "list")
        late = evertill(shop_env, "approvals", "approve", numbers[1])

        line = f"{numbers[0]}  access.grant account:{ADA}  asked by STAFF:{boss.account_id}"
        assert line in listed.stdout, listed.stderr
        assert "    why: new" in listed.stdout
        assert approved.stdout == f"{numbers[0]}: APPROVED\n", approved.stderr
        assert refused.stdout == f"{numbers[1]}: REFUSED\n", refused.stderr
        assert after.stdout == "Nothing waits for approval.\n"
        assert late.returncode == 1
        boss.prove(access.Permission.ACCESS_GRANT, f"account:{ADA}")
        roles.grant_role(asker=boss.asker, account_id=ADA, role="support", why="new", now=clock.now())
        assert [role.name for role in access.read_holder(account_id=ADA).roles] == ["customer", "support"]
        assert MACHINE.account_id is None
