"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts domain."""

    name = "evertill.domains.accounts"
    label = "accounts"
