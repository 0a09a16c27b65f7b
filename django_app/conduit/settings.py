"""Django's settings, from the environment: one variable each, with the prefix `CONDUIT_`."""

import os
import re
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from .database import bounded_connection

# In memory, each connection would have a database of its own.
IN_MEMORY = ("sqlite:///", "sqlite:///:memory:")
DEVELOPMENT_SECRET = "conduit-development-secret-never-for-production"


def read(name: str, default: str) -> str:
    return os.environ.get(f"CONDUIT_{name}") or default


def refuse(line: str) -> SystemExit:
    return SystemExit(f"conduit: {line}")


def one_of(name: str, *choices: str) -> str:
    value = read(name, choices[0])
    if value not in choices:
        raise refuse(f"CONDUIT_{name} must be one of {', '.join(choices)}")
    return value


def is_on(name: str, *, default: bool = False) -> bool:
    value = read(name, "1" if default else "0")
    if value not in ("0", "1"):
        raise refuse(f"CONDUIT_{name} must be one of 0, 1")
    return value == "1"


def positive(name: str, default: int) -> int:
    value = read(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise refuse(f"CONDUIT_{name} must be a positive integer")
    return int(value)


def not_negative(name: str, default: int) -> int:
    value = read(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise refuse(f"CONDUIT_{name} must be an integer from 0")
    return int(value)


def prefix(name: str) -> str | None:
    value = read(name, "")
    # With a prefix below `/api` it is not clear whether a proxy has removed it from a path.
    if value and not re.fullmatch("(?!/api(/|$))(/[A-Za-z0-9._~-]+)+", value):
        raise refuse(f"CONDUIT_{name} must be a path such as /v1, and not below /api")
    return value or None


def split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def bounds_of(timeout: int) -> str:
    """The timeouts that PostgreSQL enforces itself, also for a process that is suspended.

    Such a process would keep its locks for as long as its connection is open.
    """
    milliseconds = timeout * 1000
    return (
        f"-c statement_timeout={milliseconds}"
        f" -c idle_in_transaction_session_timeout={5 * milliseconds}"
    )


def database(url: str, *, pool_size: int, timeout: int) -> dict[str, Any]:
    """Django's description of the database that the URL names.

    `timeout` is the bound, in seconds, for each wait: for a connection, for an answer, for a
    lock; 0 means no limit.
    """
    if not url:
        raise refuse("CONDUIT_DATABASE_URL must be set in production")
    if url in IN_MEMORY:
        raise refuse("CONDUIT_DATABASE_URL must name a file, and not a database in memory")
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.removeprefix("sqlite:///"),
            "OPTIONS": {
                "timeout": timeout or 3600,
                # A read that becomes a write cannot wait for SQLite's write lock.
                "transaction_mode": "IMMEDIATE",
                # NORMAL is safe with WAL, and a commit does not wait for the disk.
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
            },
        }
    try:
        parts = conninfo_to_dict(url if url.startswith("postgresql://") else "=")
    except ProgrammingError:
        raise refuse("CONDUIT_DATABASE_URL must begin with sqlite:/// or postgresql://") from None
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    names = {known[key]: str(value) for key, value in parts.items() if key in known}
    more = {key: value for key, value in parts.items() if key not in known}
    more["options"] = f"{more.get('options', '')} {bounds_of(timeout)}".strip()
    return {
        "ENGINE": "conduit.database",
        **names,
        "OPTIONS": {
            "connect_timeout": timeout or 10,
            **more,
            "pool": {
                "min_size": 1,
                "max_size": pool_size,
                "timeout": timeout or 30,
                "connection_class": bounded_connection(timeout),
                # The next request tries again at once, without pauses that double each time.
                "reconnect_timeout": 0,
            },
        },
    }


ENV = one_of("ENV", "development", "production")
PRODUCTION = ENV == "production"
DEFAULT_ALLOWED = "" if PRODUCTION else "*"

BASE_DIR = Path(__file__).parent.parent
DEBUG = is_on("DEBUG")
if PRODUCTION and DEBUG:
    raise refuse("CONDUIT_DEBUG must be 0 in production")
SECRET_KEY = read("SECRET_KEY", "" if PRODUCTION else DEVELOPMENT_SECRET)
if PRODUCTION and len(SECRET_KEY.encode()) < 32:
    raise refuse("CONDUIT_SECRET_KEY must have at least 32 bytes in production")
if PRODUCTION and SECRET_KEY == DEVELOPMENT_SECRET:
    raise refuse("CONDUIT_SECRET_KEY must not be the published one in production")
PASSWORD_HASHING = one_of("PASSWORD_HASHING", "strong", "fast")
if PRODUCTION and PASSWORD_HASHING != "strong":
    raise refuse("CONDUIT_PASSWORD_HASHING must be strong in production")

FORCE_SCRIPT_NAME = prefix("ROOT_PATH")
TOKEN_LIFETIME = positive("TOKEN_LIFETIME", 2_592_000)
ALLOWED_HOSTS = split(read("ALLOWED_HOSTS", DEFAULT_ALLOWED).lower())
ORIGINS = split(read("CORS_ORIGINS", DEFAULT_ALLOWED))
CORS_ALLOW_ALL_ORIGINS = "*" in ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in ORIGINS if origin != "*"]
# contract/cors.py responds to preflights: change its list too.
CORS_ALLOW_METHODS = ["DELETE", "GET", "POST", "PUT"]
CORS_ALLOW_HEADERS = ["authorization", "content-type"]
CORS_EXPOSE_HEADERS = ["X-Request-ID"]
CORS_PREFLIGHT_MAX_AGE = 600  # seconds
CORS_URLS_REGEX = r"^(?!/admin/)"
EVENT_RETENTION = positive("EVENT_RETENTION", 86_400)
LAB = is_on("LAB", default=not PRODUCTION)
LOG_LEVEL = one_of("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "conduit.core",
    "conduit.accounts",
    "conduit.articles",
    "conduit.comments",
    "conduit.live",
    "conduit.contract",
]
MIDDLEWARE = [
    "conduit.middleware.PrefixMiddleware",
    "conduit.middleware.RequestMiddleware",
    "conduit.contract.middleware.without_opener_policy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "conduit.contract.middleware.ContractMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "conduit.urls"
APPEND_SLASH = False  # `/api/tags` is a route, and `/api/tags/` is not
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
# Browsers remember this: off until it is certain that the host has HTTPS.
SECURE_HSTS_SECONDS = (
    positive("SECURE_HSTS_SECONDS", 1) if read("SECURE_HSTS_SECONDS", "0") != "0" else 0
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = is_on("SECURE_HSTS_INCLUDE_SUBDOMAINS")
SECURE_HSTS_PRELOAD = is_on("SECURE_HSTS_PRELOAD")
SECURE_SSL_REDIRECT = is_on("SECURE_SSL_REDIRECT")
# A load balancer checks health without TLS, and counts a redirect as a failure.
SECURE_REDIRECT_EXEMPT = [r"^(.+/)?api/health$"]
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # files are served from the packages, without `collectstatic`

DATABASE_TIMEOUT = not_negative("DATABASE_TIMEOUT", 2)
DATABASES = {
    "default": database(
        read("DATABASE_URL", "" if PRODUCTION else f"sqlite:///{BASE_DIR / 'conduit.sqlite3'}"),
        pool_size=positive("DATABASE_POOL_SIZE", 10),
        timeout=DATABASE_TIMEOUT,
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [{"NAME": "conduit.accounts.validators.PasswordValidator"}]
PASSWORD_HASHERS = [f"conduit.accounts.passwords.{PASSWORD_HASHING.title()}Argon2id"]

# The contract's limits; a larger body gets a 413.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = None

TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "conduit.logs.UTCFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"no_sockets": {"()": "conduit.logs.without_sockets"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "conduit": {"level": LOG_LEVEL},
        "django": {"handlers": []},  # Django's would repeat each line in debug mode
        # The line of `conduit.request` has all of this, and no query string.
        "django.request": {"level": "ERROR" if DEBUG else "CRITICAL"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # a client's error, not the app's
        "uvicorn.access": {"level": "CRITICAL"},
        "uvicorn.error": {"filters": ["no_sockets"]},
    },
}
