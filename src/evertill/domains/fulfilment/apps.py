"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    """The fulfilment domain."""

    name = "evertill.domains.fulfilment"
    label = "fulfilment"
