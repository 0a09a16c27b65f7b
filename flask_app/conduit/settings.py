"""Settings from the environment: one variable each, with the prefix `CONDUIT_`."""

import os
import re

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

ORIGIN = r"\*|[a-z][a-z0-9+.-]*://[A-Za-z0-9.:-]+"
# In memory, each connection would have a database of its own.
IN_MEMORY = ("sqlite:///", "sqlite:///:memory:")
DEVELOPMENT_SECRET = "conduit-development-secret-never-for-production"


class Settings:
    """A configuration object for `app.config.from_object`; a wrong value is a `ValueError`."""

    def __init__(self) -> None:
        self.ENV = one_of("ENV", "development", "production")
        production = self.ENV == "production"
        default_allowed = "" if production else "*"
        self.DATABASE_URL = read("DATABASE_URL", "" if production else "sqlite:///conduit.sqlite3")
        self.DATABASE_POOL_SIZE = positive("DATABASE_POOL_SIZE", 10)
        self.DATABASE_TIMEOUT = not_negative("DATABASE_TIMEOUT", 2)
        self.SECRET_KEY = read("SECRET_KEY", "" if production else DEVELOPMENT_SECRET)
        self.TOKEN_LIFETIME = positive("TOKEN_LIFETIME", 2_592_000)
        self.PASSWORD_HASHING = one_of("PASSWORD_HASHING", "strong", "fast")
        self.ROOT_PATH = prefix("ROOT_PATH")
        hosts = split(read("ALLOWED_HOSTS", default_allowed).lower())
        self.TRUSTED_HOSTS = None if "*" in hosts else sorted(hosts)
        self.ORIGINS = origins("CORS_ORIGINS", default_allowed)
        self.EVENT_RETENTION = positive("EVENT_RETENTION", 86_400)
        self.LIVE_SOCKETS = positive("LIVE_SOCKETS", 200)
        self.LAB = is_on("LAB", default=not production)
        self.LOG_LEVEL = one_of("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")
        # Idle connections are pinged, so that no thread waits for a client that has left.
        self.SOCK_SERVER_OPTIONS = {
            "ping_interval": 20,
            "max_message_size": 16 * 1_048_576,
            # A whole TLS record: a selector does not see what the TLS layer has buffered.
            "receive_bytes": 16_384,
        }
        self.MAX_CONTENT_LENGTH = 1_048_576  # bytes
        if not self.DATABASE_URL:
            raise ValueError("CONDUIT_DATABASE_URL must be set in production")
        check_database_url(self.DATABASE_URL)
        if production and len(self.SECRET_KEY.encode()) < 32:
            raise ValueError("CONDUIT_SECRET_KEY must have at least 32 bytes in production")
        if production and self.SECRET_KEY == DEVELOPMENT_SECRET:
            raise ValueError("CONDUIT_SECRET_KEY must not be the published one in production")
        if production and self.PASSWORD_HASHING != "strong":
            raise ValueError("CONDUIT_PASSWORD_HASHING must be strong in production")


def read(name: str, default: str) -> str:
    return os.environ.get(f"CONDUIT_{name}") or default


def one_of(name: str, *choices: str) -> str:
    value = read(name, choices[0])
    if value not in choices:
        raise ValueError(f"CONDUIT_{name} must be one of {', '.join(choices)}")
    return value


def is_on(name: str, *, default: bool) -> bool:
    value = read(name, "1" if default else "0")
    if value not in ("0", "1"):
        raise ValueError(f"CONDUIT_{name} must be one of 0, 1")
    return value == "1"


def positive(name: str, default: int) -> int:
    value = read(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise ValueError(f"CONDUIT_{name} must be a positive integer")
    return int(value)


def not_negative(name: str, default: int) -> int:
    value = read(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"CONDUIT_{name} must be an integer from 0")
    return int(value)


def prefix(name: str) -> str:
    value = read(name, "")
    # With a prefix below `/api` it is not clear whether a proxy has removed it from a path.
    if value and not re.fullmatch("(?!/api(/|$))(/[A-Za-z0-9._~-]+)+", value):
        raise ValueError(f"CONDUIT_{name} must be a path such as /v1, and not below /api")
    return value


def origins(name: str, default: str) -> frozenset[str]:
    value = split(read(name, default))
    # flask-cors would read anything else as a regular expression.
    wrong = sorted(each for each in value if not re.fullmatch(ORIGIN, each))
    if wrong:
        raise ValueError(f"CONDUIT_{name} must be * or origins without wildcards, not {wrong[0]}")
    return value


def check_database_url(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("CONDUIT_DATABASE_URL must begin with sqlite:/// or postgresql://")
    if url in IN_MEMORY:
        raise ValueError("CONDUIT_DATABASE_URL must name a file, and not a database in memory")
    if url.startswith("postgresql://"):
        try:
            conninfo_to_dict(url)
        except ProgrammingError as error:
            raise ValueError(
                f"CONDUIT_DATABASE_URL is not a valid PostgreSQL URL: {str(error).strip()}"
            ) from None


def split(value: str) -> frozenset[str]:
    return frozenset(part.strip() for part in value.split(",") if part.strip())


def load_settings() -> Settings:
    """The settings of the environment; a wrong one ends the process with one line."""
    try:
        return Settings()
    except ValueError as error:
        raise SystemExit(f"conduit: {error}") from None
