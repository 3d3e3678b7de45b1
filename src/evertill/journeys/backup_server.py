"""The server whose database is backed up: as whom it is asked for its files and its log, and whose it is."""

from __future__ import annotations

from evertill.domains.recovery import Line
from evertill.kernel import config, embedded
from evertill.kernel.config import Config

__all__ = ["is_our_server", "server_url", "slot_of"]


def slot_of(line: Line) -> str:
    """This function will name the replication slot of a line."""
    return f"evertill_{line.id}"


def server_url(settings: Config) -> str:
    """This function will return the address of the database as a role that may replicate."""
    if settings.backup_database_url:
        return settings.backup_database_url
    try:
        is_ours = settings.database_url in (embedded.url(settings.data), embedded.shop_url(settings.data))
    except embedded.NoCluster:
        is_ours = False
    return embedded.superuser_url(settings.data) if is_ours else settings.database_url


def is_our_server(url: str) -> bool:
    """This function will say whether an address is that of this data folder's own server, as its superuser."""
    try:
        return url == embedded.superuser_url(config.get().data)
    except embedded.NoCluster:
        return False
