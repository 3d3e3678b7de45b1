"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    """The receipts domain."""

    name = "evertill.domains.receipts"
    label = "receipts"
