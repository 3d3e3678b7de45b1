"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    """The recovery domain."""

    name = "evertill.domains.recovery"
    label = "recovery"
