"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """The disputes domain."""

    name = "evertill.domains.disputes"
    label = "disputes"
