"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The reviews domain."""

    name = "evertill.domains.reviews"
    label = "reviews"
