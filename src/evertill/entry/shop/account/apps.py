"""Tells Django that the account pages have templates, texts and static files."""

from django.apps import AppConfig


class ShopAccountConfig(AppConfig):
    """The pages of a customer's account."""

    name = "evertill.entry.shop.account"
    label = "shop_account"
