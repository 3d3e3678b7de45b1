"""Tables of accounts. What proves somebody stands in identity, but for his password's hash."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Reverse

from evertill.domains.accounts.types import AccountState, AddressKind

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in AccountState)
_EMAIL, _PHONE = AddressKind.EMAIL.value, AddressKind.PHONE.value


class Account(models.Model):
    """Somebody who can sign in. Its number is never used again, also when it is deleted."""

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16)
    display_name = models.CharField(max_length=80)
    language = models.CharField(max_length=16)
    # As Django's hashers write it; "" for none.
    password = models.CharField(max_length=256, default="")
    password_at = models.DateTimeField(null=True)
    sms_second = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_account"
        constraints = (
            models.CheckConstraint(name="accounts_account_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(
                name="accounts_account_deleted_is_empty",
                condition=Q(state="ACTIVE", deleted_at=None)
                | Q(state="DELETED", deleted_at__isnull=False, display_name="", password="", sms_second=False),
            ),
            models.CheckConstraint(
                name="accounts_account_password_hashed", condition=Q(("password__regex", r"^$|[$]"))
            ),
        )
        indexes = (
            models.Index(name="accounts_account_deleted", fields=("deleted_at",), condition=Q(state="DELETED")),
            # What whoever calls may say: how his name begins, or any word of it.
            models.Index(
                OpClass(Lower("display_name"), name="text_pattern_ops"),
                name="accounts_account_by_name",
                condition=Q(state="ACTIVE") & ~Q(display_name=""),
            ),
            GinIndex(SearchVector("display_name", config="simple"), name="accounts_account_by_words"),
        )


class Address(models.Model):
    """An address that an account has proved, in its one spelling; nobody else can have it meanwhile."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8)
    address = models.CharField(max_length=254)
    proved_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_address"
        constraints = (
            models.UniqueConstraint(name="accounts_address_once", fields=("kind", "address")),
            models.CheckConstraint(
                name="accounts_address_spelled",
                condition=Q(kind=_EMAIL, address__regex=r"^[^@[:space:]A-Z]+@[^@[:space:]A-Z]+$")
                | Q(kind=_PHONE, address__regex=r"^\+[1-9][0-9]{6,14}$"),
            ),
        )
        indexes = (
            # How an email address begins, and how a telephone number ends.
            models.Index(
                OpClass("address", name="varchar_pattern_ops"),
                name="accounts_address_by_beginning",
                condition=Q(kind=_EMAIL),
            ),
            models.Index(
                OpClass(Reverse("address"), name="text_pattern_ops"),
                name="accounts_address_by_tail",
                condition=Q(kind=_PHONE),
            ),
        )
