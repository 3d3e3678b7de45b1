"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    """The trail domain."""

    name = "evertill.domains.trail"
    label = "trail"
