"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger domain."""

    name = "evertill.domains.ledger"
    label = "ledger"
