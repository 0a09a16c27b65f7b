"""Every route of the contract with its `Allow`, and every operation that takes a body.

The resources in the paths do not have to exist, because the tests check what comes before a lookup.
"""

from urllib.parse import quote

ROUTES = [
    ("/", "GET, HEAD"),
    ("/api/users/login", "POST"),
    ("/api/users", "POST"),
    ("/api/user", "GET, HEAD, PUT"),
    ("/api/profiles/nobody", "GET, HEAD"),
    ("/api/profiles/nobody/follow", "DELETE, POST"),
    ("/api/articles/feed", "GET, HEAD"),
    ("/api/articles", "GET, HEAD, POST"),
    ("/api/articles/nothing", "DELETE, GET, HEAD, PUT"),
    ("/api/articles/nothing/comments", "GET, HEAD, POST"),
    ("/api/articles/nothing/comments/1", "DELETE"),
    ("/api/articles/nothing/favorite", "DELETE, POST"),
    ("/api/tags", "GET, HEAD"),
    ("/api/health", "GET, HEAD"),
    ("/api/openapi.json", "GET, HEAD"),
    ("/api/docs", "GET, HEAD"),
    ("/api/redoc", "GET, HEAD"),
]

# method, path: each route with one method that it does not have; together, all methods.
# (For the feed see ROUTE-7, for HEAD without GET see ANSWER-8.)
WRONG_METHODS = [
    ("GET", "/api/users/login"),
    ("PUT", "/api/users"),
    ("DELETE", "/api/user"),
    ("PATCH", "/api/profiles/nobody"),
    ("GET", "/api/profiles/nobody/follow"),
    ("DELETE", "/api/articles"),
    ("POST", "/api/articles/nothing"),
    ("PUT", "/api/articles/nothing/comments"),
    ("GET", "/api/articles/nothing/comments/1"),
    ("PATCH", "/api/articles/nothing/favorite"),
    ("TRACE", "/api/tags"),
    ("POST", "/api/health"),
]

# The same for routes that are not operations.
WRONG_METHODS_OF_PAGES = [
    ("POST", "/"),
    ("TRACE", "/"),
    ("DELETE", "/api/openapi.json"),
    ("PUT", "/api/docs"),
    ("PATCH", "/api/redoc"),
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

# Those that also need a token.
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

# The operations where a token is optional; all are GET.
OPTIONAL_TOKEN = [
    "/api/profiles/nobody",
    "/api/articles",
    "/api/articles/nothing",
    "/api/articles/nothing/comments",
]

NO_SUCH_ROUTE = b'{"errors":{"route":["not found"]}}'


def segment(text: str) -> str:
    """A text, encoded as a path segment or as the value of a query parameter."""
    return quote(text, safe="")
