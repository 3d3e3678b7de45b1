"""Tables of claims. `id` is the 60-bit identifier whose text form is the number (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value

from evertill.domains.claims.types import About, Decision, State, Way

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in State)
_OPEN = ("FILED", "FOUND", "NOTHING")
_ABOUTS = tuple(about.value for about in About)
_DECISIONS = ("", *(decision.value for decision in Decision))
_WAYS = tuple(way.value for way in Way)


class Claim(models.Model):
    """What a customer says has gone wrong, the clues that he has, what was found, and what became of it."""

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16)
    about = models.CharField(max_length=16)
    clues = models.JSONField()
    contact = models.CharField(max_length=254)
    words = models.CharField(max_length=1000)
    language = models.CharField(max_length=16)
    # No foreign key: who is deleted leaves what was decided to the books.
    account_id = models.BigIntegerField(null=True)
    proofs = models.JSONField()
    search = models.JSONField(null=True)
    decision = models.CharField(max_length=16, default="")
    order_id = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=1000, default="")
    filed_at = models.DateTimeField()
    searched_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, default="")
    # Moved by each change, so that who decides says what he saw.
    version = models.IntegerField(default=0)

    TYPED = ("answer",)
    OWN_IS_FORGOTTEN = True

    class Meta:
        db_table = "claims_claim"
        constraints = (
            models.CheckConstraint(name="claims_claim_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(name="claims_claim_about_known", condition=Q(about__in=_ABOUTS)),
            models.CheckConstraint(name="claims_claim_decision_known", condition=Q(decision__in=_DECISIONS)),
            models.CheckConstraint(name="claims_claim_has_contact", condition=~Q(contact="")),
            models.CheckConstraint(
                name="claims_claim_decided_by_somebody",
                condition=Q(state="ANSWERED", decided_at__isnull=False)
                & ~Q(decision="")
                & ~Q(decided_by="")
                & ~Q(answer="")
                | ~Q(state="ANSWERED"),
            ),
            # What is told to be here, or to be back, is an order.
            models.CheckConstraint(
                name="claims_claim_decided_on_order",
                condition=Q(decision__in=("", "NOTHING_FOUND")) | Q(order_id__isnull=False),
            ),
            models.CheckConstraint(
                name="claims_claim_searched", condition=Q(state__in=("FILED", "WITHDRAWN")) | Q(search__isnull=False)
            ),
        )
        indexes = (
            models.Index(name="claims_claim_queue", fields=("filed_at", "id"), condition=Q(state__in=_OPEN)),
            models.Index(name="claims_claim_latest", fields=("-filed_at", "-id")),
            models.Index(name="claims_claim_filed", fields=("id",), condition=Q(state="FILED")),
            models.Index(
                Func(F("contact"), Value(0), function="hashtextextended", output_field=models.BigIntegerField()),
                name="claims_claim_by_contact",
                condition=Q(state__in=_OPEN),
            ),
            models.Index(
                name="claims_claim_of_account",
                fields=("account_id", "-filed_at", "-id"),
                condition=Q(account_id__isnull=False),
            ),
            models.Index(name="claims_claim_of_order", fields=("order_id",), condition=Q(order_id__isnull=False)),
        )


class Key(models.Model):
    """Under which Idempotency-Key a claim was filed, so that a repeated request is that claim; rows are only added."""

    key_digest = models.UUIDField(primary_key=True)
    body_digest = models.UUIDField()
    claim_id = models.BigIntegerField(unique=True)

    class Meta:
        db_table = "claims_key"


class Event(models.Model):
    """What happened to a claim; rows are only ever added."""

    pk = models.CompositePrimaryKey("claim_id", "position")
    claim_id = models.BigIntegerField()
    position = models.IntegerField()
    kind = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)
    happened_at = models.DateTimeField()

    class Meta:
        db_table = "claims_event"


class Policy(models.Model):
    """What the shop promises when something goes wrong, as it was declared; a new version is a new row."""

    version = models.IntegerField(primary_key=True)
    rules = models.JSONField()
    caps = models.JSONField()
    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=64)
    why = models.CharField(max_length=200)

    TYPED = ("why",)

    class Meta:
        db_table = "claims_policy"
        constraints = (models.CheckConstraint(name="claims_policy_counts_from_one", condition=Q(version__gt=0)),)


class Award(models.Model):
    """A compensation that was given: by which rule of which version, and to where; rows are only ever added."""

    id = models.BigIntegerField(primary_key=True)
    claim_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    about = models.CharField(max_length=16)
    way = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    version = models.IntegerField()
    rule = models.IntegerField()
    delay_days = models.IntegerField()
    # The balance, or the refund.
    target_id = models.BigIntegerField()
    # A keyed digest of the account or the address: what one customer gets in a month is counted by it.
    customer = models.UUIDField()
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    why = models.CharField(max_length=200)

    TYPED = ("why",)

    class Meta:
        db_table = "claims_award"
        constraints = (
            models.UniqueConstraint(name="claims_award_once", fields=("order_id", "about")),
            models.CheckConstraint(name="claims_award_about_known", condition=Q(about__in=_ABOUTS)),
            models.CheckConstraint(name="claims_award_way_known", condition=Q(way__in=_WAYS)),
            models.CheckConstraint(name="claims_award_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="claims_award_by_rule", condition=Q(version__gt=0, rule__gte=0)),
            models.CheckConstraint(name="claims_award_has_reason", condition=~Q(why="") & ~Q(given_by="")),
        )
        indexes = (
            models.Index(name="claims_award_of_claim", fields=("claim_id", "id")),
            models.Index(name="claims_award_of_customer", fields=("customer", "currency", "given_at")),
            models.Index(name="claims_award_in_month", fields=("currency", "given_at")),
        )
