"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """The reconciliation domain."""

    name = "evertill.domains.reconciliation"
    label = "reconciliation"
