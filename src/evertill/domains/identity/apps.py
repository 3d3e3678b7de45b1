"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """The identity domain."""

    name = "evertill.domains.identity"
    label = "identity"
