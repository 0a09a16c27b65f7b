"""One page of each kind."""

TABLE = "guides/differences/"
HANDLER = "compare/django-vs-flask-vs-fastapi/create_article/"
KINDS = {
    "home": "",
    # Small pages of their kind, because axe checks every word of code.
    "operation": "compare/django-vs-flask-vs-fastapi/get_health/",
    "pair": "compare/flask-vs-fastapi/get_health/",
    "topics": "topics/",
    "topic": "topics/errors/",
    "try": "try/",
    "guides": "guides/",
    "guide": "guides/reading/",
    "pictures": "guides/async/",
    "choosing": "guides/choosing/",
    "figures": "figures/",
    "source": "source/django_app/conduit/articles/admin.py/",
}
