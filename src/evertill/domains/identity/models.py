"""Tables of identity. An account is a number that whoever keeps accounts gave it.

No name or address stands here, but for the quarter of an hour of a sign-in. What people type or hold is kept as a keyed
hash only; a TOTP secret, which has to be read again, is encrypted.
"""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Allowance(models.Model):
    """How often something was done in one window of time: sending to an address, trying by a caller."""

    kind = models.CharField(max_length=40)
    key = models.UUIDField()
    window_at = models.DateTimeField()
    taken = models.IntegerField()

    class Meta:
        db_table = "identity_allowance"
        constraints = (
            models.UniqueConstraint(name="identity_allowance_once", fields=("kind", "key", "window_at")),
            models.CheckConstraint(name="identity_allowance_not_negative", condition=Q(taken__gte=0)),
        )
        indexes = (models.Index(name="identity_allowance_old", fields=("window_at",)),)


class Code(models.Model):
    """A one-time code that was sent. Only the browser that asked knows `id`, so nobody else can use up its tries."""

    id = models.UUIDField(primary_key=True)
    purpose = models.CharField(max_length=40)
    address = models.UUIDField()
    digest = models.BinaryField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_code"
        constraints = (
            models.CheckConstraint(name="identity_code_tries_bounded", condition=Q(tries__gte=0, tries__lte=5)),
            models.CheckConstraint(name="identity_code_expires_later", condition=Q(expires_at__gt=F("sent_at"))),
        )
        indexes = (models.Index(name="identity_code_old", fields=("expires_at",)),)


class RecoveryCode(models.Model):
    """One of an account's recovery codes, by its place on the list that was shown."""

    account_id = models.BigIntegerField()
    place = models.SmallIntegerField()
    digest = models.BinaryField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_recovery_code"
        constraints = (models.UniqueConstraint(name="identity_recovery_code_once", fields=("account_id", "place")),)


class Key(models.Model):
    """A key that encrypts what is stored; itself encrypted by a key that derives from the shop's secret."""

    id = models.AutoField(primary_key=True)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "identity_key"


class Totp(models.Model):
    """An account's TOTP secret, bound to this table, this column and this account."""

    account_id = models.BigIntegerField(primary_key=True)
    secret = models.BinaryField()
    # Which key encrypts it, so that rotating finds what is left; the text says so too.
    key = models.ForeignKey(Key, on_delete=models.PROTECT)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # The newest time step that was accepted; no code of it or of an older one is ever accepted again.
    step = models.BigIntegerField(default=0)

    class Meta:
        db_table = "identity_totp"


class Guesses(models.Model):
    """Consecutive failures to sign in under one name, whether or not an account has it."""

    name = models.UUIDField(primary_key=True)
    failures = models.IntegerField()
    next_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "identity_guesses"
        constraints = (
            models.CheckConstraint(name="identity_guesses_bounded", condition=Q(failures__gte=0, failures__lte=100)),
        )
        indexes = (models.Index(name="identity_guesses_old", fields=("last_at",)),)


class Session(models.Model):
    """Somebody who is signed in on one device."""

    id = models.BigIntegerField(primary_key=True)
    digest = models.UUIDField(unique=True)
    # What it was before a proof renewed it: taken for a moment more, by requests that were on their way.
    was = models.UUIDField(null=True)
    was_until = models.DateTimeField(null=True)
    account_id = models.BigIntegerField()
    is_staff = models.BooleanField()
    device = models.CharField(max_length=200)
    place = models.CharField(max_length=100)
    # Which factors proved it, and when each did last: two arrays of the same length.
    factors = ArrayField(models.CharField(max_length=20))
    proved_at = ArrayField(models.DateTimeField())
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    idle_s = models.IntegerField()
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=40, default="")
    # A number and no foreign key: a browser may be forgotten before what happened on it.
    browser_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "identity_session"
        constraints = (
            models.CheckConstraint(
                name="identity_session_proved",
                condition=Q(factors__len__gt=0, proved_at__len=F("factors__len")),
            ),
            models.CheckConstraint(name="identity_session_ends_later", condition=Q(ends_at__gt=F("started_at"))),
        )
        indexes = (
            models.Index(name="identity_session_open", fields=("account_id",), condition=Q(ended_at=None)),
            models.Index(name="identity_session_old", fields=("ends_at",)),
            models.Index(name="identity_session_renewed", fields=("was",), condition=Q(was__isnull=False)),
        )


class Grant(models.Model):
    """Leave to do one thing once, because a factor was just proved for it."""

    id = models.BigIntegerField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE)
    operation = models.CharField(max_length=60)
    object = models.CharField(max_length=300)
    factor = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_grant"
        constraints = (
            models.CheckConstraint(
                name="identity_grant_short",
                condition=Q(expires_at__gt=F("given_at"), expires_at__lte=F("given_at") + dt.timedelta(minutes=5)),
            ),
        )
        indexes = (models.Index(name="identity_grant_old", fields=("expires_at",)),)


class Challenge(models.Model):
    """A challenge that a browser is to have signed by a passkey, for one purpose. It is found by its digest."""

    digest = models.UUIDField(primary_key=True)
    ceremony = models.CharField(max_length=16)
    subject = models.UUIDField()
    # Of whom a new passkey is to be; null for one that is used.
    handle = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_challenge"
        constraints = (
            models.CheckConstraint(
                name="identity_challenge_short",
                condition=Q(expires_at__gt=F("made_at"), expires_at__lte=F("made_at") + dt.timedelta(minutes=5)),
            ),
        )
        indexes = (models.Index(name="identity_challenge_old", fields=("expires_at",)),)


class PasskeyHolder(models.Model):
    """What an account is called by the devices that keep its passkeys: 32 random bytes that tell nothing."""

    account_id = models.BigIntegerField(primary_key=True)
    handle = models.BinaryField()

    class Meta:
        db_table = "identity_passkey_holder"
        constraints = (models.UniqueConstraint(name="identity_passkey_holder_once", fields=("handle",)),)


class Passkey(models.Model):
    """A passkey: the public half of a key that never leaves its device, or its devices."""

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    # So that the database, too, knows how many there may be.
    place = models.SmallIntegerField()
    credential_id = models.BinaryField()
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    aaguid = models.UUIDField()
    transports = ArrayField(models.CharField(max_length=20))
    name = models.CharField(max_length=60)
    is_backup_eligible = models.BooleanField()
    is_backed_up = models.BooleanField()
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # When its sign count told that there may be a copy of it.
    suspected_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_passkey"
        constraints = (
            models.UniqueConstraint(name="identity_passkey_credential_once", fields=("credential_id",)),
            models.UniqueConstraint(name="identity_passkey_place_once", fields=("account_id", "place")),
            models.CheckConstraint(name="identity_passkey_bounded", condition=Q(place__gte=0, place__lt=20)),
            models.CheckConstraint(name="identity_passkey_count_not_negative", condition=Q(sign_count__gte=0)),
            models.CheckConstraint(
                name="identity_passkey_backup_makes_sense", condition=Q(is_backed_up=False) | Q(is_backup_eligible=True)
            ),
        )


class Attempt(models.Model):
    """A sign-in that is under way in one browser, which alone has its secret."""

    id = models.BigIntegerField(primary_key=True)
    digest = models.UUIDField(unique=True)
    account_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8)
    address = models.CharField(max_length=254)
    factors = ArrayField(models.CharField(max_length=20))
    code = models.UUIDField(null=True)
    code_factor = models.CharField(max_length=20, default="")
    tries = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_attempt"
        constraints = (
            models.CheckConstraint(name="identity_attempt_tries_bounded", condition=Q(tries__gte=0, tries__lte=20)),
            models.CheckConstraint(
                name="identity_attempt_short",
                condition=Q(ends_at__gt=F("started_at"), ends_at__lte=F("started_at") + dt.timedelta(minutes=15)),
            ),
        )
        indexes = (models.Index(name="identity_attempt_old", fields=("ends_at",)),)


class Browser(models.Model):
    """A browser that an account signed in with. Trust is here, where it can be taken back; its cookie says nothing."""

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    digest = models.UUIDField()
    device = models.CharField(max_length=200)
    # The networks it was seen in, the newest last.
    places = ArrayField(models.CharField(max_length=100))
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    trusted_at = models.DateTimeField(null=True)
    trusted_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_browser"
        constraints = (
            models.UniqueConstraint(name="identity_browser_once", fields=("account_id", "digest")),
            models.CheckConstraint(
                name="identity_browser_trust_bounded",
                condition=Q(trusted_at=None, trusted_until=None)
                | Q(
                    trusted_at__isnull=False,
                    trusted_until__gt=F("trusted_at"),
                    trusted_until__lte=F("trusted_at") + dt.timedelta(days=30),
                ),
            ),
            models.CheckConstraint(name="identity_browser_places_bounded", condition=Q(places__len__lte=20)),
        )
        indexes = (models.Index(name="identity_browser_old", fields=("last_at",)),)


class Recovery(models.Model):
    """A request to remove an account's lost factors. One at a time; whoever owns the account can cancel it."""

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    told_ready_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=40, default="")

    class Meta:
        db_table = "identity_recovery"
        constraints = (
            models.UniqueConstraint(
                name="identity_recovery_one_open", fields=("account_id",), condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="identity_recovery_waits",
                condition=Q(ready_at__gte=F("asked_at") + dt.timedelta(hours=1), ends_at__gt=F("ready_at")),
            ),
        )
        indexes = (
            models.Index(
                name="identity_recovery_to_tell", fields=("ready_at",), condition=Q(ended_at=None, told_ready_at=None)
            ),
            models.Index(name="identity_recovery_old", fields=("ends_at",)),
        )
