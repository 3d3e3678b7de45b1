"""The running site, on which pages are looked at too."""

from tests.contracts.conftest import client, document, shared_site, site

__all__ = ["client", "document", "shared_site", "site"]
