"""Tables of orders. `id` is the 60-bit identifier whose text form is the order number (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value


def _hash(text: Func | F) -> Func:
    # Eight bytes instead of an address: the index stays small, and nobody's address lies about in it.
    return Func(text, Value(0), function="hashtextextended", output_field=models.BigIntegerField())


class Order(models.Model):
    """What a customer asked for and the shop acknowledged."""

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    # One of the two at least; an address as it was typed, a number as E.164 has it.
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=16, default="", db_default="")
    # In which the customer is told of it; empty where he has not said.
    language = models.CharField(max_length=16, default="", db_default="")
    # Whose it is; null for a guest's. No foreign key: who is deleted leaves his orders to the books.
    account_id = models.BigIntegerField(null=True)
    placed_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    # Digests of caller + Idempotency-Key, and of the body that came with it.
    key_digest = models.UUIDField()
    body_digest = models.UUIDField()
    # The batch of receipts that it was acknowledged with; null for one from before there were receipts.
    receipt_batch = models.BigIntegerField(null=True)

    class Meta:
        db_table = "orders_order"
        constraints = (
            models.UniqueConstraint(name="orders_order_once_per_key", fields=("key_digest",)),
            models.CheckConstraint(
                name="orders_order_state_known",
                condition=Q(state__in=("PLACED", "PAID", "REFUNDED", "CANCELLED", "EXPIRED")),
            ),
            models.CheckConstraint(name="orders_order_total_not_negative", condition=Q(total__gte=0)),
            models.CheckConstraint(name="orders_order_has_contact", condition=~Q(email="") | ~Q(phone="")),
        )
        indexes = (
            # None, as a rule.
            models.Index(name="orders_order_without_receipt", fields=("id",), condition=Q(receipt_batch__isnull=True)),
            models.Index(name="orders_order_to_expire", fields=("reserved_until",), condition=Q(state="PLACED")),
            # What a guest's order pays for any of these is one entry; an account's is in the first alone.
            models.Index(
                name="orders_order_of_account",
                fields=("account_id", "-placed_at", "-id"),
                condition=Q(account_id__isnull=False),
            ),
            models.Index(
                _hash(Func(F("email"), function="lower", template='%(function)s(%(expressions)s collate "C")')),
                name="orders_order_by_email",
                condition=Q(account_id__isnull=True) & ~Q(email=""),
            ),
            models.Index(
                _hash(F("phone")), name="orders_order_by_phone", condition=Q(account_id__isnull=True) & ~Q(phone="")
            ),
        )


class OrderLine(models.Model):
    """One line of an order, as it was when the order was placed."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.BigIntegerField()
    position = models.IntegerField()
    sku = models.CharField(max_length=64, db_collation="C")
    title = models.CharField(max_length=200)
    quantity = models.IntegerField()
    unit_price = models.BigIntegerField()
    # Pieces given back, or promised to be: they count from the moment a refund is requested.
    returned = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "orders_line"
        constraints = (
            models.CheckConstraint(name="orders_line_quantity_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="orders_line_price_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(
                name="orders_line_returned_within_quantity",
                condition=Q(returned__gte=0) & Q(returned__lte=F("quantity")),
            ),
        )


class Hold(models.Model):
    """A reason not to hand over an order's goods; released rows stay, so that they tell who held it, and how long."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.BigIntegerField()
    reason = models.CharField(max_length=32)
    subject = models.CharField(max_length=200)
    actor = models.CharField(max_length=64)
    held_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "orders_hold"
        constraints = (
            models.UniqueConstraint(
                name="orders_hold_once",
                fields=("order_id", "reason", "subject"),
                condition=Q(released_at__isnull=True),
            ),
            models.CheckConstraint(name="orders_hold_named", condition=~Q(reason="") & ~Q(subject="")),
            models.CheckConstraint(
                name="orders_hold_released_by_somebody",
                condition=Q(released_at__isnull=True, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
            ),
        )


class FoundOrder(models.Model):
    """What of an order is searched, beside the order itself, which pays nothing for it; made by a job.

    The index of its grams stands in the migration: `orders_grams(contact)`.
    """

    order_id = models.BigIntegerField(primary_key=True)
    # Address, a space, number: small letters; empty once they are forgotten.
    contact = models.TextField()
    total = models.BigIntegerField()

    class Meta:
        db_table = "orders_found"
        indexes = (models.Index(name="orders_found_by_total", fields=("total", "order_id")),)


class Finding(models.Model):
    """One row: behind which order the next ones are to be made findable."""

    id = models.SmallIntegerField(primary_key=True)
    behind = models.BigIntegerField()

    class Meta:
        db_table = "orders_finding"
        constraints = (models.CheckConstraint(name="orders_finding_one_row", condition=Q(id=1)),)


class Note(models.Model):
    """What staff said about an order; rows are only ever added."""

    id = models.BigIntegerField(primary_key=True)
    order_id = models.BigIntegerField(db_index=True)
    text = models.CharField(max_length=2000)
    written_by = models.CharField(max_length=64)
    written_at = models.DateTimeField()

    TYPED = ("text",)
    OWN_IS_FORGOTTEN = True

    class Meta:
        db_table = "orders_note"
        constraints = (models.CheckConstraint(name="orders_note_says_something", condition=~Q(text="")),)


class OrderEvent(models.Model):
    """What happened to an order; rows are only ever added."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.BigIntegerField()
    position = models.IntegerField()
    kind = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)
    happened_at = models.DateTimeField()

    class Meta:
        db_table = "orders_event"


class Unsealed(models.Model):
    """An event that is to be journalled; the first of each order is, by its receipt."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.BigIntegerField()
    position = models.IntegerField()

    class Meta:
        db_table = "orders_unsealed"


class Return(models.Model):
    """Which pieces of which line a refund gives back; a row is written once and ended once."""

    pk = models.CompositePrimaryKey("refund_id", "position")
    refund_id = models.BigIntegerField()
    position = models.IntegerField()
    order_id = models.BigIntegerField(db_index=True)
    quantity = models.IntegerField()
    state = models.CharField(max_length=16)
    restock = models.BooleanField()
    actor = models.CharField(max_length=64)
    promised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_return"
        constraints = (
            models.CheckConstraint(
                name="orders_return_state_known", condition=Q(state__in=("PROMISED", "DONE", "UNDONE"))
            ),
            models.CheckConstraint(name="orders_return_quantity_positive", condition=Q(quantity__gt=0)),
        )
