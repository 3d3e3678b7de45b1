"""Django's settings, all from kernel.config; a laptop and a cluster differ in their environment only."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from evertill.entry.desk.folders import folders

# Arrays are imported for their effect: Django copies psycopg's adapters at its first connection, and never again.
from evertill.kernel import arrays as _arrays  # noqa: F401
from evertill.kernel import config, crypto

_config = config.get()


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **dict(parse_qsl(parts.query)),
            # Prepare at the first use: the hot statements are few and planning them costs more than running them.
            "prepare_threshold": 0,
            "connect_timeout": 5,
            "application_name": "evertill",
            "options": (
                f"-c statement_timeout={_config.statement_timeout_ms}"
                f" -c lock_timeout={_config.lock_timeout_ms}"
                " -c idle_in_transaction_session_timeout=60000 -c jit=off"
                # A plan that was cached while a table was new and empty would go on reading it from end to end, for up
                # to a minute, however fast it grows. What the shop asks for has an index.
                " -c enable_seqscan=off"
            ),
        },
    }


SECRET_KEY = crypto.derive_key("django").hex()
DEBUG = False
ALLOWED_HOSTS = list(_config.allowed_hosts)
ROOT_URLCONF = "evertill.entry.site.urls"
DATABASES = {"default": _database(_config.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "evertill.domains.access",
    "evertill.domains.accounts",
    "evertill.domains.approvals",
    "evertill.domains.balances",
    "evertill.domains.bulk",
    "evertill.domains.catalog",
    "evertill.domains.claims",
    "evertill.domains.disputes",
    "evertill.domains.fulfilment",
    "evertill.domains.identity",
    "evertill.domains.incidents",
    "evertill.domains.ledger",
    "evertill.domains.messages",
    "evertill.domains.orders",
    "evertill.domains.payments",
    "evertill.domains.preferences",
    "evertill.domains.receipts",
    "evertill.domains.reconciliation",
    "evertill.domains.recovery",
    "evertill.domains.stock",
    "evertill.domains.reviews",
    "evertill.domains.submissions",
    "evertill.domains.trail",
    "evertill.entry.pages",
    "evertill.entry.shop",
    "evertill.entry.shop.account",
    "evertill.entry.desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "evertill.entry.pages.middleware.strict_pages",
    "evertill.entry.pages.visitor.follow_visitor",
    "evertill.entry.pages.places.at_place",
    "evertill.entry.pages.middleware.only_text",
    "django.middleware.common.CommonMiddleware",
    "evertill.entry.pages.uploads.short_forms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        # Of the desk's rooms; each brings its own.
        "DIRS": folders("templates"),
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

_public = urlsplit(_config.public_url)
_is_https = _public.scheme == "https"
# Behind a proxy that speaks TLS for the shop, the address in the browser is the public one.
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.netloc else []
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _is_https
# As evertill.entry.pages.cookies names the others.
CSRF_COOKIE_NAME = "__Host-csrftoken" if _is_https else "csrftoken"
# Only where the shop's address says so: on a laptop it would lock the browser out of everything else on localhost.
SECURE_HSTS_SECONDS = 365 * 86400 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
# An order's address has its access token in it: no other site is told it. "no-referrer" would take the Origin from
# our own forms too, by which they are known to be ours.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Forms are short, and nobody sends files.
DATA_UPLOAD_MAX_MEMORY_SIZE = _config.body_bytes_max
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS: list[str] = []

# Of Django's accounts only what hashes and weighs passwords is used; its app is not installed.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
_PASSWORDS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_PASSWORDS}.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "evertill.domains.accounts.passwords.LengthValidator"},
    {"NAME": f"{_PASSWORDS}.CommonPasswordValidator"},
    {"NAME": "evertill.domains.accounts.passwords.ShopWordsValidator"},
]

CSRF_FAILURE_VIEW = "evertill.entry.site.answers.refused"

LANGUAGE_CODE = _config.languages[0]
LANGUAGES = [(code, {"en": "English", "zh-hans": "简体中文"}.get(code, code)) for code in _config.languages]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = folders("locale")
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static", *folders("static")]
# Files are served from the packages they came in; nothing is copied anywhere.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "evertill.entry.site.static_files.NamedStorage"},
}

# Logging is set up by the process that runs (kernel.log); Django only hands its records on.
LOGGING_CONFIG = None
PROCRASTINATE_IMPORT_PATHS: list[str] = ["evertill.entry.worker.jobs"]
