"""Every route of the contract with its `Allow`, and every operation that takes a body.

Paths name things that need not exist: what is asked of them is decided before anything is fetched.
"""

from urllib.parse import quote

ROUTES = [
    ("/", "GET, HEAD, OPTIONS"),
    ("/api/users/login", "OPTIONS, POST"),
    ("/api/users", "OPTIONS, POST"),
    ("/api/user", "GET, HEAD, OPTIONS, PUT"),
    ("/api/profiles/nobody", "GET, HEAD, OPTIONS"),
    ("/api/profiles/nobody/follow", "DELETE, OPTIONS, POST"),
    ("/api/articles/feed", "GET, HEAD, OPTIONS"),
    ("/api/articles", "GET, HEAD, OPTIONS, POST"),
    ("/api/articles/nothing", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ("/api/articles/nothing/comments", "GET, HEAD, OPTIONS, POST"),
    ("/api/articles/nothing/comments/1", "DELETE, OPTIONS"),
    ("/api/articles/nothing/favorite", "DELETE, OPTIONS, POST"),
    ("/api/tags", "GET, HEAD, OPTIONS"),
    ("/api/health", "GET, HEAD, OPTIONS"),
    ("/api/openapi.json", "GET, HEAD, OPTIONS"),
    ("/api/docs", "GET, HEAD, OPTIONS"),
    ("/api/redoc", "GET, HEAD, OPTIONS"),
]

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT", "TRACE")

# Each wrong method of each route.
WRONG_METHODS = [
    (method, path, allow)
    for path, allow in ROUTES
    for method in METHODS
    if method not in allow.split(", ")
]

# method, path, envelope: the operations that take a body.
WITH_BODY = [
    ("POST", "/api/users/login", "user"),
    ("POST", "/api/users", "user"),
    ("PUT", "/api/user", "user"),
    ("POST", "/api/articles", "article"),
    ("PUT", "/api/articles/nothing", "article"),
    ("POST", "/api/articles/nothing/comments", "comment"),
]

# Those of them that need a token.
WITH_BODY_AND_TOKEN = WITH_BODY[2:]

# method, path: the operations that need a token and take no body.
WITHOUT_BODY = [
    ("GET", "/api/user"),
    ("POST", "/api/profiles/nobody/follow"),
    ("DELETE", "/api/profiles/nobody/follow"),
    ("GET", "/api/articles/feed"),
    ("DELETE", "/api/articles/nothing"),
    ("DELETE", "/api/articles/nothing/comments/1"),
    ("POST", "/api/articles/nothing/favorite"),
    ("DELETE", "/api/articles/nothing/favorite"),
]

# method, path: the operations where a token is optional.
OPTIONAL_TOKEN = [
    ("GET", "/api/profiles/nobody"),
    ("GET", "/api/articles"),
    ("GET", "/api/articles/nothing"),
    ("GET", "/api/articles/nothing/comments"),
]

NO_SUCH_ROUTE = b'{"errors":{"route":["not found"]}}'


def segment(text: str) -> str:
    """A text as one segment of a path, or as the value of a query parameter."""
    return quote(text, safe="")
