"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """The submissions domain."""

    name = "evertill.domains.submissions"
    label = "submissions"
