"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    """The stock domain."""

    name = "evertill.domains.stock"
    label = "stock"
