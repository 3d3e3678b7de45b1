"""Tables of messages."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from evertill.domains.messages.types import Channel, State

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in State)
_CHANNELS = tuple(channel.value for channel in Channel)


class Message(models.Model):
    """Something that somebody is to be told, once. What it tells of was committed with it."""

    key = models.CharField(primary_key=True, max_length=100, db_collation="C")
    kind = models.CharField(max_length=32)
    channel = models.CharField(max_length=8, default=Channel.EMAIL.value, db_default=Channel.EMAIL.value)
    order_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    claim_id = models.BigIntegerField(null=True)
    recipient = models.CharField(max_length=254)
    language = models.CharField(max_length=16)
    facts = models.JSONField()
    state = models.CharField(max_length=16)
    written_at = models.DateTimeField()
    # When it is to be sent, the first time or again; null once it is or cannot be.
    look_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "messages_message"
        constraints = (
            models.CheckConstraint(name="messages_message_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(name="messages_message_channel_known", condition=Q(channel__in=_CHANNELS)),
            models.CheckConstraint(
                name="messages_message_about_something",
                condition=Q(order_id__isnull=False) | Q(account_id__isnull=False) | Q(claim_id__isnull=False),
            ),
            models.CheckConstraint(
                name="messages_message_waits_or_ended",
                condition=Q(state="WAITING", look_at__isnull=False, ended_at__isnull=True)
                | (~Q(state="WAITING") & Q(look_at__isnull=True, ended_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="messages_message_to_send", fields=("look_at", "key"), condition=Q(state="WAITING")),
            models.Index(
                name="messages_message_notices",
                fields=("look_at", "key"),
                condition=Q(state="WAITING", order_id__isnull=True),
            ),
            models.Index(
                name="messages_message_of_account", fields=("account_id",), condition=Q(account_id__isnull=False)
            ),
            # For removing what is old: a few bytes for many rows, so that writing one costs next to nothing more.
            BrinIndex(name="messages_message_by_time", fields=("written_at",), autosummarize=True),
        )
