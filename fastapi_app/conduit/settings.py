"""Settings from the environment: one variable each, with the prefix `CONDUIT_`."""

import re
from functools import cache
from typing import Annotated, Literal, Self

from fastapi import Depends
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.requests import HTTPConnection

# In memory, each connection would have a database of its own.
IN_MEMORY = ("sqlite:///", "sqlite:///:memory:")
DEVELOPMENT_SECRET = "conduit-development-secret-never-for-production"


def check_database_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if url in IN_MEMORY:
        raise ValueError("must name a file, and not a database in memory")
    if url.startswith("postgresql://"):
        try:
            conninfo_to_dict(url)
        except ProgrammingError as error:
            raise ValueError(f"is not a valid PostgreSQL URL: {str(error).strip()}") from None
    return url


def check_root_path(path: str) -> str:
    # With a prefix below `/api` it is not clear whether a proxy has removed it from a path.
    if path and not re.fullmatch("(?!/api(/|$))(/[A-Za-z0-9._~-]+)+", path):
        raise ValueError("must be a path such as /v1, and not below /api")
    return path


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CONDUIT_", env_ignore_empty=True)

    env: Literal["development", "production"] = "development"
    database_url: Annotated[str, AfterValidator(check_database_url), Field(repr=False)] = (
        "sqlite:///conduit.sqlite3"
    )
    database_pool_size: Annotated[int, Field(ge=1)] = 10
    database_timeout: Annotated[int, Field(ge=0)] = 2
    secret_key: Annotated[str, Field(repr=False)] = ""
    token_lifetime: Annotated[int, Field(ge=1)] = 2_592_000
    password_hashing: Literal["strong", "fast"] = "strong"
    root_path: Annotated[str, AfterValidator(check_root_path)] = ""
    allowed_hosts: str = ""
    cors_origins: str = ""
    event_retention: Annotated[int, Field(ge=1)] = 86_400
    lab: bool | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @model_validator(mode="after")
    def check_production(self) -> Self:
        if self.lab is None:
            self.lab = self.env == "development"
        if self.env == "development":
            self.secret_key = self.secret_key or DEVELOPMENT_SECRET
            self.allowed_hosts = self.allowed_hosts or "*"
            self.cors_origins = self.cors_origins or "*"
            return self
        if "database_url" not in self.model_fields_set:
            raise ValueError("CONDUIT_DATABASE_URL must be set in production")
        if len(self.secret_key.encode()) < 32:
            raise ValueError("CONDUIT_SECRET_KEY must have at least 32 bytes in production")
        if self.secret_key == DEVELOPMENT_SECRET:
            raise ValueError("CONDUIT_SECRET_KEY must not be the published one in production")
        if self.password_hashing != "strong":
            raise ValueError("CONDUIT_PASSWORD_HASHING must be strong in production")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        return split(self.allowed_hosts.lower())

    @property
    def origins(self) -> frozenset[str]:
        return split(self.cors_origins)


def split(value: str) -> frozenset[str]:
    return frozenset(part.strip() for part in value.split(",") if part.strip())


@cache
def load_settings() -> Settings:
    """The settings of this process; a wrong one ends it with a line that names the variable."""
    try:
        return Settings()
    except ValidationError as refused:
        error = refused.errors()[0]
        name = f"CONDUIT_{str(error['loc'][0]).upper()} " if error["loc"] else ""
        raise SystemExit(f"conduit: {name}{error['msg'].removeprefix('Value error, ')}") from None


async def get_settings(connection: HTTPConnection) -> Settings:
    """The settings that the application was made with."""
    settings: Settings = connection.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(get_settings)]
