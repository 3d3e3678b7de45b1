"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class BalancesConfig(AppConfig):
    """The balances domain."""

    name = "evertill.domains.balances"
    label = "balances"
