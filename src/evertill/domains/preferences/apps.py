"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """The preferences domain."""

    name = "evertill.domains.preferences"
    label = "preferences"
