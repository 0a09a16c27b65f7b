"""The application for a WSGI server: `gunicorn conduit.wsgi:app`."""

from . import check, create_app

check.require()
app = create_app()
