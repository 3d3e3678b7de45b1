"""Tells Django that the shop has templates, texts and static files."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The customers' pages."""

    name = "evertill.entry.shop"
    label = "shop"
