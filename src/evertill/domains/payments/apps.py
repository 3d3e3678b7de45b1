"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payments domain."""

    name = "evertill.domains.payments"
    label = "payments"
