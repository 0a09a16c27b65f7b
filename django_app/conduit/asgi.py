"""The application for an ASGI server: `uvicorn conduit.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
application = get_asgi_application()

from . import check  # noqa: E402  (Django has to be set up first)

check.require()
