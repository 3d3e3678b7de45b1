"""Tells Django that what pages have in common has texts and tags for templates."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """What the pages of shop and desk have in common."""

    name = "evertill.entry.pages"
    label = "pages"
