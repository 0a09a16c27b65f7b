"""The application for a WSGI server: `gunicorn conduit.wsgi:application`."""

from django.core.wsgi import get_wsgi_application

from . import check

check.require()
application = get_wsgi_application()
