"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    """The bulk domain."""

    name = "evertill.domains.bulk"
    label = "bulk"
