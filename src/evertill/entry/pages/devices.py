"""What a browser calls itself, in words that its owner recognises; and the network that it is in."""

from __future__ import annotations

import ipaddress

# Looked for in this order: most browsers also carry the names of those before them.
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("AlipayClient/", "Alipay"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("UCBrowser/", "UC Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_CHARS_MAX = 1_000
# Of the size that a provider hands out, so that a telephone on the move does not come from a new place every hour.
_BITS = {4: 16, 6: 32}


def name_device(user_agent: str) -> str:
    """This function will name a browser and what it runs on, such as `Firefox on Windows`; "" for what it knows not."""
    text = user_agent[:_CHARS_MAX]
    browser = next((name for sign, name in _BROWSERS if sign in text), "")
    system = next((name for sign, name in _SYSTEMS if sign in text), "")
    return f"{browser} on {system}" if browser and system else browser or system


def name_network(address: str) -> str:
    """This function will name the network of a client's address, such as `203.0.0.0/16`; "" for what is none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, _BITS[ip.version]), strict=False))
