"""Every column that can hold a sentence is one that staff type, and is looked through before a customer is deleted; or
it is said here why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from evertill.entry.desk.customers.views import _TABLES
from evertill.kernel.typed import typed_columns

# What is longer can hold words about somebody.
_NAME_CHARS_MAX = 64
# Why they are not looked through, and which these are.
NOT_TYPED: Mapping[str, str] = {
    "Numbers and names of accounts, roles, operations and things, that the shop writes.": """
        access_role.changed_by access_role_grant.granted_by access_role_grant.revoked_by access_staff.added_by
        approvals_approval.asked_by approvals_approval.decided_by approvals_approval.subject bulk_bulk.actor
        bulk_bulk.approved_by bulk_bulk.asked_by bulk_item.subject catalog_planned_price.approved_by
        catalog_price_change.approved_by identity_grant.object incidents_alert.subject orders_hold.subject
        preferences_value.changed_by submissions_submission.taken_by trail_record.roles trail_record.factors
        trail_record.place trail_record.subject_id
    """,
    "Goods, as everybody may read of them, and their history.": """
        catalog_category.slug catalog_category_change.after catalog_category_change.before catalog_category_text.title
        catalog_change.after catalog_change.before catalog_product.slug catalog_product_text.text
        catalog_product_text.title catalog_search.text catalog_search.title catalog_variant.title
        catalog_variant_text.title orders_line.title
    """,
    "A table of goods, prices or stock, what became of each row, and orders by their numbers; kept for a while.": """
        bulk_bulk.options bulk_item.after bulk_item.before bulk_item.content bulk_item.label bulk_item.note
    """,
    "The customer's own, which goes with his account.": """
        accounts_account.display_name accounts_account.password accounts_address.address claims_claim.clues
        claims_claim.contact claims_claim.proofs claims_claim.search claims_claim.words identity_attempt.address
        identity_browser.device identity_browser.places identity_session.device identity_session.place
        messages_message.error messages_message.facts messages_message.key messages_message.recipient
        orders_found.contact orders_order.email recovery_search.clues recovery_search.found reviews_review.answer
        submissions_submission.consent_text submissions_submission.email submissions_submission.lines
    """,
    "What a provider of payments says, and names of its payments and entries.": """
        disputes_dispute.provider_id disputes_dispute.reason disputes_move.why payments_event.event_id
        payments_intent.next_value payments_intent.provider_id payments_intent.reason payments_move.why
        payments_refund.provider_id reconciliation_difference.subject reconciliation_line.part_id
        reconciliation_line.provider_id reconciliation_line.reference reconciliation_line.subject
        ledger_balance.account ledger_transaction.accounts ledger_transaction.reference
    """,
    "The shop's own words about its copies, rules in figures, and why pieces moved.": """
        reviews_move.told reviews_review.told
        claims_policy.caps claims_policy.rules incidents_alert.told recovery_backup.error recovery_drill.certificate
        recovery_drill.told recovery_search.error recovery_search.step stock_movement.reason
    """,
    "Each step's reason stands in the trail too, and is found there.": """
        reviews_move.why
    """,
    "Numbers in the place of people (decision 0015).": """
        trail_record.after trail_record.before
    """,
}


def can_hold_words(field: models.Field[object, object]) -> bool:
    if isinstance(field, ArrayField):
        return can_hold_words(field.base_field)
    if isinstance(field, models.CharField):
        return field.max_length is None or field.max_length > _NAME_CHARS_MAX
    return isinstance(field, models.TextField | models.JSONField)


def wordy() -> Iterator[str]:
    for model in apps.get_models():
        if model.__module__.startswith("evertill."):
            for field in model._meta.concrete_fields:
                if can_hold_words(field):
                    yield f"{model._meta.db_table}.{field.column}"


class TestColumns:
    def test_are_looked_through_or_declared(self) -> None:
        typed = {f"{table}.{column}" for table, columns in typed_columns().items() for column in columns}

        declared = [column for columns in NOT_TYPED.values() for column in columns.split()]

        assert typed & set(declared) == set()
        assert sorted(set(wordy()) - typed) == sorted(declared), "Add it to its model's TYPED, or say here why not."

    def test_are_called_by_a_name_at_the_desk(self) -> None:
        assert set(typed_columns()) - set(_TABLES) == {"trail_record"}
