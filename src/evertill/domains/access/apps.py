"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The access domain."""

    name = "evertill.domains.access"
    label = "access"
