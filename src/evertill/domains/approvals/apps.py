"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The approvals domain."""

    name = "evertill.domains.approvals"
    label = "approvals"
