"""The application for a WSGI server: `gunicorn conduit.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
application = get_wsgi_application()

from . import check  # noqa: E402  (Django has to be set up first)

check.require()
