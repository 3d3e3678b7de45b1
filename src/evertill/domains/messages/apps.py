"""Tells Django that this domain has tables."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """The messages domain."""

    name = "evertill.domains.messages"
    # "messages" alone is the label of an application of Django's own.
    label = "customer_messages"
