"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    """The claims domain."""

    name = "evertill.domains.claims"
    label = "claims"
