"""API tokens: the secret is shown once, only its digest is kept, and revoking ends it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from evertill.domains import access
from evertill.domains.access import Caller, Scope
from tests import tables
from tests.builders import NOON

pytestmark = pytest.mark.django_db


def issue(name: str = "warehouse", *scopes: Scope) -> str:
    return access.issue_token(name=name, scopes=scopes, now=NOON)


class TestIssue:
    def test_the_secret_opens_with_its_scopes(self) -> None:
        secret = issue("warehouse", Scope.ORDERS_PRICE, Scope.ORDERS_READ, Scope.ORDERS_READ)

        (token,) = access.list_tokens()
        assert access.authenticate(secret=secret) == Caller(
            id=token.id, name="warehouse", scopes=frozenset({Scope.ORDERS_PRICE, Scope.ORDERS_READ})
        )
        assert (token.name, token.created_at, token.revoked_at) == ("warehouse", NOON, None)

    def test_is_256_random_bits_behind_a_prefix_and_nowhere_in_the_database(self) -> None:
        secret = issue()

        assert secret.startswith("evt_")
        assert len(secret) == 4 + 43
        assert issue("other") != secret
        with connection.cursor() as cursor:
            cursor.execute("select t::text from access_api_token as t")
            assert not any(secret[4:] in row for (row,) in cursor.fetchall())

    def test_a_name_in_use_is_taken_and_its_secret_goes_on(self) -> None:
        secret = issue()

        with pytest.raises(access.TokenNameTaken) as refused:
            issue()

        assert refused.value.detail == "There is a token 'warehouse' already."
        assert access.authenticate(secret=secret).name == "warehouse"
        assert tables.count("access_api_token") == 1

    @pytest.mark.parametrize("name", ["", " x", "x" * 81, "a\nb", "é", "a;b"])
    def test_refuses_names_that_do_not_print_well(self, name: str) -> None:
        with pytest.raises(access.TokenNameInvalid):
            issue(name)

        assert tables.count("access_api_token") == 0

    def test_a_revoked_name_issued_anew_is_the_same_caller_with_another_secret(self) -> None:
        first = issue("warehouse", Scope.ORDERS_PRICE)
        before = access.authenticate(secret=first)
        access.revoke_token(name="warehouse", now=NOON)

        second = issue("warehouse", Scope.ORDERS_READ)

        after = access.authenticate(secret=second)
        assert (after.id, after.name, after.scopes) == (before.id, before.name, frozenset({Scope.ORDERS_READ}))
        with pytest.raises(access.Unauthenticated):
            access.authenticate(secret=first)


class TestRevoke:
    def test_ends_the_secret_and_keeps_the_history(self) -> None:
        secret, later = issue(), NOON + dt.timedelta(hours=1)

        access.revoke_token(name="warehouse", now=later)

        with pytest.raises(access.Unauthenticated):
            access.authenticate(secret=secret)
        assert [token.revoked_at for token in access.list_tokens()] == [later]

    def test_of_an_unknown_or_revoked_name_is_an_error(self) -> None:
        issue()
        access.revoke_token(name="warehouse", now=NOON)

        for name in ("warehouse", "nobody"):
            with pytest.raises(access.UnknownToken):
                access.revoke_token(name=name, now=NOON + dt.timedelta(hours=1))
        assert [token.revoked_at for token in access.list_tokens()] == [NOON]


class TestAuthenticate:
    @pytest.mark.parametrize(
        "secret", ["", "evt_", "evt_" + "A" * 43, "x" * 47, "evt_\x00" + "A" * 42, "evt_" + "é" * 43]
    )
    def test_says_the_same_of_every_wrong_secret(self, secret: str) -> None:
        issue()

        with pytest.raises(access.Unauthenticated) as refused:
            access.authenticate(secret=secret)

        assert refused.value.detail == "This API token is not known here, or was revoked."

    def test_a_scope_of_another_release_allows_nothing(self) -> None:
        secret = issue("warehouse", Scope.ORDERS_READ)
        with connection.cursor() as cursor:
            cursor.execute("update access_api_token set scopes = array['orders:read', 'moon:land']")

        assert access.authenticate(secret=secret).scopes == frozenset({Scope.ORDERS_READ})
