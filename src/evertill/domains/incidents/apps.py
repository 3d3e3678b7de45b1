"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """The incidents domain."""

    name = "evertill.domains.incidents"
    label = "incidents"
