"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The orders domain."""

    name = "evertill.domains.orders"
    label = "orders"
