"""The headers that every response must have, and one request for each kind of response."""

import pytest

from .rules import pinned

CORS_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Allow-Credentials",
)

# Method, path, status
EVERY_KIND = [
    ("GET", "/", 307),
    ("GET", "/api/health", 200),
    pytest.param("GET", "/api/openapi.json", 200, marks=pinned),
    pytest.param("GET", "/api/docs", 200, marks=pinned),
    pytest.param("HEAD", "/api/tags", 200, marks=pinned),
    pytest.param("OPTIONS", "/api/tags", 405, marks=pinned),
    ("GET", "/api/user", 401),
    ("GET", "/api/nothing", 404),
    ("OPTIONS", "/api/nothing", 404),
    ("GET", "/api/profiles/a%00b", 404),
    ("GET", "/api/profiles/nobody", 404),
    ("POST", "/api/tags", 405),
    pytest.param("POST", "/api/users", 415, marks=pinned),
    ("GET", "/api/articles?limit=x", 422),
]
