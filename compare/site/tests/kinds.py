"""One page of each kind."""

HANDLER = "compare/django-vs-flask-vs-fastapi/create_article/"
KINDS = {
    "home": "",
    # Small ones of their kind: axe looks at every word of code.
    "operation": "compare/django-vs-flask-vs-fastapi/get_health/",
    "pair": "compare/flask-vs-fastapi/get_health/",
    "topics": "topics/",
    "topic": "topics/errors/",
    "try": "try/",
    "guides": "guides/",
    "guide": "guides/differences/",
    "pictures": "guides/async/",
}
