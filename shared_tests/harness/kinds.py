"""One request for each kind of answer, for what must be on every one: method, path, status."""

EVERY_KIND = [
    ("GET", "/", 307),
    ("GET", "/api/health", 200),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/api/docs", 200),
    ("HEAD", "/api/tags", 200),
    ("OPTIONS", "/api/tags", 405),
    ("GET", "/api/user", 401),
    ("GET", "/api/nothing", 404),
    ("OPTIONS", "/api/nothing", 404),
    ("GET", "/api/profiles/a%00b", 404),
    ("GET", "/api/profiles/nobody", 404),
    ("POST", "/api/tags", 405),
    ("POST", "/api/users", 415),
    ("GET", "/api/articles?limit=x", 422),
]
