"""A device of the visitor's own that holds passkeys and is unlocked at once, as Chromium can pretend to have one."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import CDPSession, Page

_OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give(page: Page) -> tuple[CDPSession, dict[str, Any]]:
    """This function will give a page such a device, and return what commands it and what it is called there."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _OPTIONS})
