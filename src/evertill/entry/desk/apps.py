"""Tells Django that the desk has templates, texts and static files."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The pages for staff."""

    name = "evertill.entry.desk"
    label = "desk"
