"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """The catalog domain."""

    name = "evertill.domains.catalog"
    label = "catalog"
